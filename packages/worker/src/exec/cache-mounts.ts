// SPDX-License-Identifier: MIT
import { chmodSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { isToolError } from '@img-build/errors';
import type { AbortOptions, CacheMountOptions, ExecMount, Locks, Snapshotter } from '@img-build/interfaces';
import type { ActiveKeys } from '../active-keys.ts';
import { setOwner } from '../file/file-attributes.ts';
import { tryAcquire } from '../try-acquire.ts';
import { bindSource } from './cache-folder.ts';
import { cacheMountKey, restoredCacheMountKey } from './cache-mount-key.ts';

/** A cache mount's folder, held for one run. */
export interface HeldCache {
  readonly folder: string;
  release(): void;
}

/** Puts into a new cache what it starts with. */
export type CacheFilling = (folder: string) => Promise<void>;

/** Folders that outlive builds: active snapshots without a parent, named and labelled by the cache's id. */
export interface CacheMounts {
  /**
   * Waits for its turn, makes the folder when it is missing and has `fill` put in what it starts with. A folder that
   * could not be filled is not kept.
   */
  hold(mount: ExecMount, fill: CacheFilling, options?: AbortOptions): Promise<HeldCache>;
}

/** Cache mounts kept by one snapshotter; `locks` are shared by all processes on the state directory. */
export function createCacheMounts(
  snapshotter: Snapshotter,
  locks: Locks,
  keys: Pick<ActiveKeys, 'next'>,
): CacheMounts {
  /** Under a key of this worker until it is filled: what a killed one was filling goes with its other work. */
  async function make(key: string, { mount, fill }: Wanted, options: AbortOptions): Promise<string> {
    const label = mount.cache?.id ?? mount.destination;
    const making = keys.next();
    const folder = bindSource(await snapshotter.prepare(making, undefined, { ...options, label }));
    try {
      await fill(folder);
      setOwner(folder, { uid: mount.uid ?? 0, gid: mount.gid ?? 0 });
      chmodSync(folder, mount.mode ?? 0o755);
      await snapshotter.rename(making, key);
      return folder;
    } catch (error) {
      await snapshotter.remove(making);
      throw error;
    }
  }

  /** A restored mount becomes the one that a run asks for, and is not filled again. */
  async function adopt(key: string, { mount }: Wanted, options: AbortOptions): Promise<string | undefined> {
    const { id, origin, reset: startEmpty = false } = mount.cache ?? {};
    if (id === undefined || origin === undefined || startEmpty) return undefined;
    const restored = restoredCacheMountKey(id);
    if ((await snapshotter.stat(restored)) === undefined) return undefined;
    const release = await locks.acquire(restored, options);
    try {
      // Somebody else may have been faster.
      if ((await snapshotter.stat(restored)) === undefined) return undefined;
      await snapshotter.rename(restored, key);
      return bindSource(await snapshotter.mounts(key));
    } finally {
      release();
    }
  }

  /** Runs that share a cache wait here until the one that makes it has filled it. */
  async function folderOf(key: string, wanted: Wanted, options: AbortOptions): Promise<string> {
    const release = await locks.acquire(`make-${key}`, options);
    try {
      const exists = (await snapshotter.stat(key)) !== undefined;
      if (exists) return bindSource(await snapshotter.mounts(key));
      return (await adopt(key, wanted, options)) ?? (await make(key, wanted, options));
    } finally {
      release();
    }
  }

  async function holdLocked(
    key: string,
    release: () => void,
    wanted: Wanted,
    options: AbortOptions,
  ): Promise<HeldCache> {
    try {
      const folder = await folderOf(key, wanted, options);
      markUsed(folder);
      return {
        folder,
        release() {
          markUsed(folder);
          release();
        },
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Nobody may be using what is thrown away. */
  async function reset(key: string, options: AbortOptions): Promise<void> {
    const release = await locks.acquire(key, options);
    try {
      await removeIfPresent(snapshotter, key, options);
    } finally {
      release();
    }
  }

  /** A private cache is the first copy that nobody else holds now. */
  async function lockPrivate(
    key: string,
    options: AbortOptions,
  ): Promise<{ key: string; release: () => void }> {
    for (let copy = 0; ; copy++) {
      const name = copy === 0 ? key : `${key}-${copy}`;
      const release = await tryAcquire(locks, name, options);
      if (release !== undefined) return { key: name, release };
    }
  }

  return {
    async hold(mount, fill, options = {}) {
      const wanted: Wanted = { mount, fill };
      const {
        id,
        origin,
        sharing,
        reset: startEmpty,
      }: CacheMountOptions = mount.cache ?? { id: mount.destination, sharing: 'shared' };
      const base = cacheMountKey(id, origin);
      if (sharing === 'private') {
        const { key, release } = await lockPrivate(base, options);
        if (startEmpty) await removeIfPresent(snapshotter, key, options).catch(releasing(release));
        return await holdLocked(key, release, wanted, options);
      }
      if (startEmpty) await reset(base, options);
      const release = await locks.acquire(base, { ...options, shared: sharing === 'shared' });
      return await holdLocked(base, release, wanted, options);
    },
  };
}

interface Wanted {
  readonly mount: ExecMount;
  readonly fill: CacheFilling;
}

/** The time of the folder around the cache's own says when the cache was used last. */
function markUsed(folder: string): void {
  const now = new Date();
  utimesSync(dirname(folder), now, now);
}

function releasing(release: () => void): (error: unknown) => never {
  return (error) => {
    release();
    throw error;
  };
}

async function removeIfPresent(snapshotter: Snapshotter, key: string, options: AbortOptions): Promise<void> {
  try {
    await snapshotter.remove(key, options);
  } catch (error) {
    if (!isToolError(error, 'SNAPSHOT_NOT_FOUND')) throw error;
  }
}
