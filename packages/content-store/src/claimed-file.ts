// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isSystemError } from '@img-build/errors';
import type { FileCalls } from '@img-build/interfaces';

const FIRST_WAIT = 10;
const LONGEST_WAIT = 250;

/**
 * Opens or creates a file and holds its lock, which the kernel frees when the handle is closed or the process dies.
 * Waits for another holder. What is returned is the file that `path` names, not one renamed or removed meanwhile.
 */
export async function claimFile(
  path: string,
  lock: FileCalls['lock'],
  signal?: AbortSignal,
): Promise<FileHandle> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    signal?.throwIfAborted();
    const handle = await openOrCreate(path);
    try {
      const locked = lock(handle.fd, 'exclusive');
      if (locked && (await isStillNamed(handle, path))) return handle;
      await handle.close();
      if (locked) continue;
    } catch (error) {
      await handle.close();
      throw error;
    }
    // The lock is shared with other processes, and flock(2) has no way to wait without blocking the thread.
    await delay(wait, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  try {
    return await open(path, flags, 0o600);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, flags, 0o600);
  }
}

async function isStillNamed(handle: FileHandle, path: string): Promise<boolean> {
  try {
    const [held, named] = await Promise.all([handle.stat({ bigint: true }), stat(path, { bigint: true })]);
    return held.ino === named.ino && held.dev === named.dev;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
