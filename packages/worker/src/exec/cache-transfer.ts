// SPDX-License-Identifier: MIT
import { chmodSync, lstatSync } from 'node:fs';
import type {
  AbortOptions,
  BlobFiles,
  Layer,
  Locks,
  RestoreCacheMountRequest,
  SaveCacheMountOptions,
  SavedCacheMount,
  Snapshotter,
} from '@img-build/interfaces';
import type { ActiveKeys } from '../active-keys.ts';
import { setOwner } from '../file/file-attributes.ts';
import { bindSource } from './cache-folder.ts';

/** Packs a folder as a layer, deterministic. */
export type FolderPacker = (folder: string, options: SaveCacheMountOptions) => Promise<Layer>;

/** Unpacks a tar file into an empty folder; nothing leaves it. */
export type FolderUnpacker = (archive: string, folder: string, options: AbortOptions) => Promise<void>;

/** What cache mounts are saved and restored with. */
export interface CacheTransferParts {
  readonly snapshotter: Snapshotter;
  readonly locks: Locks;
  readonly keys: ActiveKeys;
  readonly blobs: BlobFiles;
  readonly pack: FolderPacker;
  readonly unpack: FolderUnpacker;
}

/** Content of cache mounts, on its way out and in. */
export interface CacheTransfer {
  save(key: string, options?: SaveCacheMountOptions): Promise<SavedCacheMount | undefined>;
  restore(request: RestoreCacheMountRequest, options?: AbortOptions): Promise<boolean>;
}

/** Permission, set-id and sticky bits. */
const MODE_BITS = 0o7777;

/** Saves and restores under the locks that runs take. */
export function createCacheTransfer(parts: CacheTransferParts): CacheTransfer {
  const { snapshotter, locks, keys } = parts;

  /** Whether a mount may be put in its place. */
  async function isWanted({ key, replace }: RestoreCacheMountRequest): Promise<boolean> {
    return replace || (await snapshotter.stat(key)) === undefined;
  }

  async function place(made: string, request: RestoreCacheMountRequest): Promise<boolean> {
    const { key } = request;
    if (!(await isWanted(request))) return false;
    if ((await snapshotter.stat(key)) !== undefined) await snapshotter.remove(key);
    await snapshotter.rename(made, key);
    return true;
  }

  return {
    async save(key, options = {}) {
      // Runs that share the mount could change it meanwhile: nobody else may have it.
      const release = await locks.acquire(key, { signal: options.signal });
      try {
        if ((await snapshotter.stat(key)) === undefined) return undefined;
        const folder = bindSource(await snapshotter.mounts(key));
        const { uid, gid, mode } = lstatSync(folder);
        const layer = await parts.pack(folder, options);
        return { layer, owner: { uid, gid, mode: mode & MODE_BITS } };
      } finally {
        release();
      }
    },
    async restore(request, options = {}) {
      const { key, label, blob, owner } = request;
      if (!(await isWanted(request))) return false;
      const made = keys.next();
      const folder = bindSource(await snapshotter.prepare(made, undefined, { ...options, label }));
      let placed = false;
      try {
        await parts.unpack(parts.blobs.pathOf(blob), folder, options);
        setOwner(folder, owner);
        chmodSync(folder, owner.mode & MODE_BITS);
        const release = await locks.acquire(key, options);
        try {
          placed = await place(made, request);
          return placed;
        } finally {
          release();
        }
      } finally {
        if (!placed) await snapshotter.remove(made);
      }
    },
  };
}
