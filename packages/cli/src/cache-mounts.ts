// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AbortOptions, CacheRecord, SnapshotRow } from '@img-build/interfaces';
import { BACKENDS } from './global-flags.ts';
import type { Services } from './wiring/services.ts';

/** Begin of the snapshot keys, and of the locks, of `RUN --mount=type=cache`. */
const PREFIX = 'cache-mount-';

/** Snapshotters whose snapshots may be in a state folder, whichever is in use now. */
export const SNAPSHOT_BACKENDS: readonly string[] = BACKENDS.filter((backend) => backend !== 'auto');

/** Tells whether a snapshot is a cache mount by its key. */
export function isCacheMount(key: string): boolean {
  return key.startsWith(PREFIX);
}

/**
 * The cache mounts of all backends, as records: they have no record of their own, being no part of the cache keys. What
 * several backends have under one name is one record.
 */
export async function cacheMountRecords(services: Services): Promise<readonly CacheRecord[]> {
  const metadata = await services.metadata();
  const found = new Map<string, CacheRecord>();
  for (const backend of SNAPSHOT_BACKENDS) {
    for (const row of metadata.snapshots(backend).list()) {
      if (row.kind !== 'active' || !isCacheMount(row.key)) continue;
      const folder = join(services.state(), 'snapshots', backend, String(row.id));
      const record = recordOf(row, lastUseOf(folder));
      const known = found.get(row.key);
      if (known === undefined || known.lastUsedAt < record.lastUsedAt) found.set(row.key, record);
    }
  }
  return [...found.values()];
}

/** Takes cache mounts that no build uses out of the books; returns their keys. The worker's sweep removes their folders. */
export async function forgetCacheMounts(
  services: Services,
  keys: readonly string[],
  { signal }: AbortOptions = {},
): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const [{ tryAcquire }, locks, metadata] = await Promise.all([
    import('@img-build/worker'),
    services.locks(),
    services.metadata(),
  ]);
  const books = SNAPSHOT_BACKENDS.map((backend) => metadata.snapshots(backend));
  const forgotten: string[] = [];
  for (const key of keys) {
    const release = await tryAcquire(locks, key, { signal });
    if (release === undefined) continue;
    try {
      for (const book of books) if (book.get(key) !== undefined) book.remove(key);
      forgotten.push(key);
    } finally {
      release();
    }
  }
  return forgotten;
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
