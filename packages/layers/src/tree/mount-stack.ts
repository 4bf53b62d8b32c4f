// SPDX-License-Identifier: MIT
import type { Mount } from '@img-build/interfaces';
import { LayerError } from '../layer-error.ts';
import { type ByteString, bytesOf } from '../tar/byte-string.ts';
import type { FolderStack } from './folder-stack.ts';
import type { MarkNamespace } from './overlay-marks.ts';

/** The folders behind a mount, as they can be read and written without mounting it. */
export interface MountFolders extends FolderStack {
  /** The folder that takes changes; undefined for a read-only mount. */
  readonly writable: ByteString | undefined;
  /** Undefined unless it is an overlay. */
  readonly marksNamespace: MarkNamespace | undefined;
}

/** Takes a snapshot's mounts apart; no mounts are an empty tree. @throws LayerError `LAYER_TARGET_INVALID` */
export function mountFolders(mounts: readonly Mount[]): MountFolders {
  const [mount, ...more] = mounts;
  if (mount === undefined)
    return { folders: [], marks: false, writable: undefined, marksNamespace: undefined };
  if (more.length > 0)
    throw new LayerError('a snapshot with several mounts cannot be read', { code: 'LAYER_TARGET_INVALID' });
  if (mount.type === 'bind') {
    const source = bytesOf(mount.source);
    const writable = mount.options.includes('ro') ? undefined : source;
    return { folders: [source], marks: false, writable, marksNamespace: undefined };
  }
  const upper = option(mount, 'upperdir=');
  const lowers = option(mount, 'lowerdir=')?.split(':') ?? [];
  return {
    folders: upper === undefined ? lowers : [upper, ...lowers],
    marks: true,
    writable: upper,
    marksNamespace: mount.options.includes('userxattr') ? 'user' : 'trusted',
  };
}

function option(mount: Mount, prefix: string): ByteString | undefined {
  const found = mount.options.find((text) => text.startsWith(prefix));
  return found === undefined ? undefined : bytesOf(found.slice(prefix.length));
}
