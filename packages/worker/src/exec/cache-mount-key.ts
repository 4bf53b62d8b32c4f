// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';

/** Origin of cache mounts that were restored: what they started with, elsewhere, has no name here. */
const RESTORED = '*';

/** Snapshot key, and name of the lock, of a cache mount. */
export function cacheMountKey(id: string, origin?: string): string {
  const name = origin === undefined ? id : `${id}\0${origin}`;
  return `cache-mount-${createHash('sha256').update(name).digest('hex')}`;
}

/** Key under which a restored mount that started with something waits for the first run that asks for its id. */
export function restoredCacheMountKey(id: string): string {
  return cacheMountKey(id, RESTORED);
}
