// SPDX-License-Identifier: MIT
import { createMemorySnapshotter, describeSnapshotter } from '../src/index.ts';

describeSnapshotter('the in-memory fake', async () => {
  const snapshotter = createMemorySnapshotter();
  return { snapshotter, open: (mounts) => snapshotter.open(mounts) };
});
