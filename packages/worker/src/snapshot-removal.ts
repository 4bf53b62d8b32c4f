// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, Locks, Snapshotter } from '@img-build/interfaces';
import { tryAcquire } from './try-acquire.ts';

/** Removes snapshots, children before parents; those with children that stay, those in use and those that are gone are skipped. */
export async function removeSnapshots(
  snapshotter: Snapshotter,
  locks: Locks,
  names: readonly string[],
  options: AbortOptions = {},
): Promise<readonly string[]> {
  const wanted = new Set(names);
  const infos = (await snapshotter.list()).filter(({ key }) => wanted.has(key));
  const parents = new Map(infos.map(({ key, parent }) => [key, parent]));
  const depth = (key: string): number => {
    let count = 0;
    for (let at = parents.get(key); at !== undefined; at = parents.get(at)) count++;
    return count;
  };
  const removed: string[] = [];
  for (const { key } of infos.sort((a, b) => depth(b.key) - depth(a.key))) {
    options.signal?.throwIfAborted();
    // Only cache mounts are used without being somebody's snapshot to change: who does so holds the lock of that name.
    const release = await tryAcquire(locks, key);
    if (release === undefined) continue;
    try {
      await snapshotter.remove(key, options);
      removed.push(key);
    } catch (error) {
      if (!isToolError(error, 'SNAPSHOT_IN_USE', 'SNAPSHOT_NOT_FOUND')) throw error;
    } finally {
      release();
    }
  }
  return removed;
}
