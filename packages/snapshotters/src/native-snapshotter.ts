// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileCalls, XattrCalls } from '@img-build/interfaces';
import { copyTree } from './copy-tree.ts';
import {
  createFolderSnapshotter,
  type FolderSnapshotter,
  type FolderSnapshotterOptions,
} from './folder-snapshotter.ts';

/** What the native backend needs. */
export interface NativeSnapshotterOptions extends FolderSnapshotterOptions {
  readonly host: FileCalls & XattrCalls;
}

/**
 * Snapshots that are full copies of their parent: slower and larger than overlays, except where the file system shares
 * data between copies, but they work everywhere. Views show the parent's own folder.
 */
export function createNativeSnapshotter({ host, ...options }: NativeSnapshotterOptions): FolderSnapshotter {
  return createFolderSnapshotter(options, {
    backend: 'native',
    async fill({ id, kind }, [parent], abort) {
      const target = join(options.root, 'native', String(id), 'fs');
      mkdirSync(target, { mode: 0o755 });
      if (parent !== undefined && kind === 'active') await copyTree(host, join(parent, 'fs'), target, abort);
    },
    mounts({ id, kind }, [parent]) {
      const own = join(options.root, 'native', String(id));
      const source = join(kind === 'view' ? (parent ?? own) : own, 'fs');
      return [{ type: 'bind', source, options: ['rbind', kind === 'active' ? 'rw' : 'ro'] }];
    },
  });
}
