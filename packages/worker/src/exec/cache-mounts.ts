// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { chmodSync, chownSync } from 'node:fs';
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ExecMount, Locks, Mount, Snapshotter } from '@img-build/interfaces';
import { tryAcquire } from '../try-acquire.ts';
import { WorkerError } from '../worker-error.ts';

/** A cache mount's folder, held for one run. */
export interface HeldCache {
  readonly folder: string;
  /** True when this run made it, so that it may be filled first. */
  readonly created: boolean;
  release(): void;
}

/** Folders that outlive builds: active snapshots without a parent, named by the cache's id. */
export interface CacheMounts {
  hold(mount: ExecMount, options?: AbortOptions): Promise<HeldCache>;
}

/** Cache mounts kept by one snapshotter; `locks` are shared by all processes on the state directory. */
export function createCacheMounts(snapshotter: Snapshotter, locks: Locks): CacheMounts {
  async function folderOf(
    key: string,
    mount: ExecMount,
    options: AbortOptions,
  ): Promise<{ folder: string; created: boolean }> {
    const release = await locks.acquire(`make-${key}`, options);
    try {
      if (mount.cache?.reset) await removeIfPresent(snapshotter, key, options);
      const exists = (await snapshotter.stat(key)) !== undefined;
      const mounts = exists
        ? await snapshotter.mounts(key)
        : await snapshotter.prepare(key, undefined, options);
      const folder = bindSource(mounts);
      if (!exists) {
        chownSync(folder, mount.uid ?? 0, mount.gid ?? 0);
        chmodSync(folder, mount.mode ?? 0o755);
      }
      return { folder, created: !exists };
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
    async hold(mount, options = {}) {
      const { id, sharing } = mount.cache ?? { id: mount.destination, sharing: 'shared' as const };
      const base = `cache-mount-${createHash('sha256').update(id).digest('hex')}`;
      if (sharing === 'private') {
        const { key, release } = await lockPrivate(base, options);
        return { ...(await folderOf(key, mount, options)), release };
      }
      const release = await locks.acquire(base, { ...options, shared: sharing === 'shared' });
      try {
        return { ...(await folderOf(base, mount, options)), release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

async function removeIfPresent(snapshotter: Snapshotter, key: string, options: AbortOptions): Promise<void> {
  try {
    await snapshotter.remove(key, options);
  } catch (error) {
    if (!isToolError(error, 'SNAPSHOT_NOT_FOUND')) throw error;
  }
}

function bindSource(mounts: readonly Mount[]): string {
  const [only] = mounts;
  if (mounts.length !== 1 || only?.type !== 'bind') {
    throw new WorkerError('a cache mount needs a folder of its own', { code: 'EXEC_MOUNT_INVALID' });
  }
  return only.source;
}
