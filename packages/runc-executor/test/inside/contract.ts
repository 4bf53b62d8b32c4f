// SPDX-License-Identifier: MIT
import { describeExecutor } from '@img-build/testkit';
import { createExecutor, freshRoot } from './fixture.ts';

for (const runtime of ['runc', 'crun'] as const) {
  describeExecutor(runtime, async () => ({
    executor: createExecutor(runtime).executor,
    root: async () => freshRoot().mounts,
  }));
}
