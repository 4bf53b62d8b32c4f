// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileCalls, Mount, XattrCalls } from '@img-build/interfaces';
import { copyAttributes } from './copy-attributes.ts';
import {
  createFolderSnapshotter,
  type FolderSnapshotter,
  type FolderSnapshotterOptions,
} from './folder-snapshotter.ts';

/** What the overlayfs backend needs. */
export interface OverlaySnapshotterOptions extends FolderSnapshotterOptions {
  readonly host: FileCalls & XattrCalls;
  /** Keep marks in `user.overlay.*`: needed inside a user namespace, where `trusted.*` cannot be written. */
  readonly userxattr: boolean;
}

/** Features that make an upper folder more than the difference to what is below; kernels may turn them on by default. */
const UNWANTED = ['index', 'redirect_dir', 'metacopy'] as const;

/**
 * Snapshots as layers of overlayfs: a snapshot's folder `fs` holds only its difference to the parent, with overlayfs's
 * own marks for removed (device 0:0) and replaced (`overlay.opaque`) entries. Up to 500 layers.
 */
export function createOverlaySnapshotter({
  host,
  userxattr,
  ...options
}: OverlaySnapshotterOptions): FolderSnapshotter {
  const words = overlayWords(userxattr);
  const folderOf = (id: number): string => join(options.root, 'overlayfs', String(id));

  return createFolderSnapshotter(options, {
    backend: 'overlayfs',
    async fill({ id, kind }, [parent]) {
      const fs = join(folderOf(id), 'fs');
      mkdirSync(fs, { mode: 0o755 });
      if (kind === 'view') return;
      mkdirSync(join(folderOf(id), 'work'), { mode: 0o700 });
      if (parent === undefined) return;
      // What is seen at the root of the mount is the topmost layer's folder itself.
      const below = join(parent, 'fs');
      copyAttributes(
        withoutMarks(host),
        Buffer.from(below),
        Buffer.from(fs),
        lstatSync(below, { bigint: true }),
      );
    },
    mounts({ id, kind }, parents) {
      const own = folderOf(id);
      const below = parents.map((parent) => join(parent, 'fs'));
      if (kind === 'active' && below.length > 0) {
        return [
          overlay([
            `lowerdir=${below.join(':')}`,
            `upperdir=${join(own, 'fs')}`,
            `workdir=${join(own, 'work')}`,
            ...words,
          ]),
        ];
      }
      if (kind === 'active') return [{ type: 'bind', source: join(own, 'fs'), options: ['rbind', 'rw'] }];
      const layers = kind === 'view' ? below : [join(own, 'fs'), ...below];
      // An overlay of one lower folder and no upper one is refused by the kernel.
      if (layers.length === 1) return [{ type: 'bind', source: layers[0] ?? '', options: ['rbind', 'ro'] }];
      return [overlay([`lowerdir=${layers.join(':')}`, 'ro', ...words])];
    },
  });
}

/** Words for every overlay mount here. The kernel refuses to have the features even turned off together with `userxattr`. */
export function overlayWords(userxattr: boolean): readonly string[] {
  if (userxattr) return ['userxattr'];
  return UNWANTED.filter((name) => existsSync(`/sys/module/overlay/parameters/${name}`)).map(
    (name) => `${name}=off`,
  );
}

function overlay(options: readonly string[]): Mount {
  return { type: 'overlay', source: 'overlay', options };
}

/** Overlayfs's own attributes say something about one layer and must not be copied to another. */
function withoutMarks(host: FileCalls & XattrCalls): FileCalls & XattrCalls {
  return {
    ...host,
    listXattr: (path) => host.listXattr(path).filter((name) => !/^(user|trusted)\.overlay\./.test(name)),
  };
}
