// SPDX-License-Identifier: MIT
import { createFakeExecutor, describeExecutor } from '../src/index.ts';

describeExecutor('the fake', async () => ({ executor: createFakeExecutor(), root: async () => [] }));
