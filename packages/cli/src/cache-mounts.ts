// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AbortOptions, CacheRecord, SnapshotRow } from '@img-build/interfaces';
import type { Services } from './wiring/services.ts';

/** Begin of the snapshot keys, and of the locks, of `RUN --mount=type=cache`. */
const PREFIX = 'cache-mount-';

/** Tells whether a snapshot is a cache mount by its key. */
export function isCacheMount(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** The cache mounts of the backend in use, as records: they have no record of their own, being no part of the cache keys. */
export async function cacheMountRecords(services: Services): Promise<readonly CacheRecord[]> {
  const [metadata, backend] = await Promise.all([services.metadata(), services.backend()]);
  return metadata
    .snapshots(backend)
    .list()
    .filter(({ key, kind }) => kind === 'active' && isCacheMount(key))
    .map((row) => recordOf(row, lastUseOf(join(services.state(), 'snapshots', backend, String(row.id)))));
}

/** Whoever uses a cache mount sets the time of the folder around it. */
function lastUseOf(folder: string): number {
  return Math.floor(statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

function recordOf({ key, createdAt, label }: SnapshotRow, lastUsedAt: number): CacheRecord {
  return {
    id: key,
    type: 'exec.cachemount',
    description: label === undefined ? 'cached mount' : `cached mount with id ${JSON.stringify(label)}`,
    createdAt,
    lastUsedAt: Math.max(createdAt, lastUsedAt),
    usageCount: 1,
  };
}

/** Tells whether a build uses a cache mount now: it holds the lock of that name. */
export async function isCacheMountInUse(
  services: Services,
  key: string,
  { signal }: AbortOptions = {},
): Promise<boolean> {
  const busy = new AbortController();
  try {
    const release = await (await services.locks()).acquire(key, {
      signal: signal === undefined ? busy.signal : AbortSignal.any([signal, busy.signal]),
      onWait: () => busy.abort(busy),
    });
    release();
    return false;
  } catch (error) {
    if (error === busy) return true;
    throw error;
  }
}
