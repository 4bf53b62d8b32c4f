// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Locks } from '@img-build/interfaces';

/** Locks of this state directory that stand for a folder elsewhere. */
export function folderLocks(locks: Locks, folder: string): Locks {
  const name = createHash('sha256').update(join(folder)).digest('hex');
  return { acquire: (what, options) => locks.acquire(`folder-${name}-${what}`, options) };
}
