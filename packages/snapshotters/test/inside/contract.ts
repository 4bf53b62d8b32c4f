// SPDX-License-Identifier: MIT
import { describeSnapshotter } from '@img-build/testkit';
import { createBackend, open } from './fixture.ts';

for (const backend of ['native', 'overlayfs'] as const) {
  describeSnapshotter(backend, async () => ({
    snapshotter: (await createBackend(backend)).snapshotter,
    open,
  }));
}
