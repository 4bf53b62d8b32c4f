// SPDX-License-Identifier: MIT
import { createMemoryContentStore, describeContentStore } from '@img-build/testkit';

describeContentStore('the in-memory store', async () => createMemoryContentStore());
