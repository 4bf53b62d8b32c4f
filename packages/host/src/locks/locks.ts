// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError } from '@img-build/errors';
import type { FileCalls, LockOptions, Locks } from '@img-build/interfaces';

/** Where the lock files are and who locks them. */
export interface LocksOptions {
  /** Made when missing; on a local file system. */
  readonly directory: string;
  readonly host: Pick<FileCalls, 'lock'>;
  /** Pid that those who wait are told; nothing is told when it is left out. */
  readonly pid?: number | undefined;
}

/** Locks as files of one folder. */
export interface LockFolder extends Locks {
  /** Removes the files of locks that nobody holds: processes that were killed leave theirs. */
  sweep(): void;
}

const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;
/** Longer names would not fit a file name. */
const MAX_NAME = 200;

/**
 * Locks of flock(2) on one file per name. A waiting caller asks again after 1 ms, then after twice as long, up to every
 * 50 ms; there is no queue. Locks exclude each other within a process as well. The last holder removes the file.
 */
export function createLocks({ directory, host, pid }: LocksOptions): LockFolder {
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  /** The descriptor of a lock file that is locked and still is the one others see; undefined when somebody holds it. */
  function attempt(path: string, kind: 'shared' | 'exclusive'): number | undefined {
    while (true) {
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      let kept = false;
      try {
        if (!host.lock(fd, kind)) return undefined;
        kept = isSameFile(fd, path);
        if (!kept) continue;
        sign(fd, kind === 'exclusive' ? pid : undefined);
        return fd;
      } finally {
        if (!kept) closeSync(fd);
      }
    }
  }

  /** Removes the file when nobody else holds it; who waits for it notices and makes a new one. */
  function release(fd: number, path: string): void {
    try {
      if (host.lock(fd, 'exclusive') && isSameFile(fd, path)) unlinkSync(path);
    } finally {
      closeSync(fd);
    }
  }

  function sweepOne(path: string): void {
    try {
      release(openSync(path, constants.O_RDWR | constants.O_NOFOLLOW), path);
    } catch (error) {
      // Released meanwhile.
      if (!isSystemError(error, 'ENOENT')) throw error;
    }
  }

  return {
    sweep() {
      for (const name of readdirSync(directory)) if (name.endsWith('.lock')) sweepOne(join(directory, name));
    },
    async acquire(name: string, { signal, shared = false, onWait }: LockOptions = {}) {
      const path = join(directory, `${fileName(name)}.lock`);
      let pause = FIRST_PAUSE;
      for (let waited = false; ; waited = true) {
        signal?.throwIfAborted();
        const fd = attempt(path, shared ? 'shared' : 'exclusive');
        if (fd !== undefined) return once(() => release(fd, path));
        if (!waited) onWait?.(holderOf(path));
        await pauseFor(pause, signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    },
  };
}

/** Says in the file who has it; those who share it say nothing, but that nobody has it alone. */
function sign(fd: number, pid: number | undefined): void {
  try {
    ftruncateSync(fd);
    if (pid !== undefined) writeSync(fd, String(pid), 0);
  } catch (error) {
    // A full disk: the lock holds all the same.
    if (!isSystemError(error, 'ENOSPC', 'EDQUOT')) throw error;
  }
}

function holderOf(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'latin1');
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    // Released meanwhile.
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isSameFile(fd: number, path: string): boolean {
  try {
    const [held, seen] = [fstatSync(fd, { bigint: true }), statSync(path, { bigint: true })];
    return held.ino === seen.ino && held.dev === seen.dev;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Different names give different files; no name leaves the folder. */
function fileName(name: string): string {
  const encoded = encodeURIComponent(name).replace(/\./g, '%2E');
  if (encoded.length === 0 || encoded.length > MAX_NAME)
    throw new RangeError(`a lock name must have 1 to ${MAX_NAME} characters`);
  return encoded;
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
