// SPDX-License-Identifier: MIT
import { lchownSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostCalls, Timespec } from '@img-build/interfaces';
import { WorkerError } from '../worker-error.ts';
import type { OwnerIds } from './ownership.ts';

/** Nanoseconds since the Unix epoch as the kernel takes them. */
export function timespecFrom(nanoseconds: bigint): Timespec {
  let seconds = nanoseconds / 1_000_000_000n;
  let rest = nanoseconds % 1_000_000_000n;
  if (rest < 0n) {
    seconds -= 1n;
    rest += 1_000_000_000n;
  }
  return { seconds, nanoseconds: Number(rest) };
}

/** Sets both times of a path itself. */
export function setModified(host: HostCalls, path: string | Buffer, nanoseconds: bigint): void {
  const time = timespecFrom(nanoseconds);
  host.setTimes(path, time, time);
}

/**
 * Changes the owner of a path itself.
 *
 * @throws WorkerError `FILE_OWNER_UNMAPPED` when the user namespace has no such id.
 */
export function setOwner(path: string | Buffer, { uid, gid }: OwnerIds): void {
  try {
    lchownSync(path, uid, gid);
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error;
    throw new WorkerError(`owner ${uid}:${gid} does not exist in this user namespace`, {
      code: 'FILE_OWNER_UNMAPPED',
      hint: 'add more subordinate ids to /etc/subuid and /etc/subgid',
      cause: error,
    });
  }
}
