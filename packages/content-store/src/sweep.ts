// SPDX-License-Identifier: MIT
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { Clock, FileCalls } from '@img-build/interfaces';
import { namesIn } from './names-in.ts';
import { isTemporary, type StoreLayout } from './store-layout.ts';

/** What to remove. */
export interface SweepOptions {
  /** Resumable ingests nobody wrote to for this many milliseconds go; default one day. */
  readonly olderThan?: number | undefined;
}

/** What a sweep removed. */
export interface SweepResult {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

const ONE_DAY = 24 * 60 * 60 * 1000;

/** Removes ingests left by processes that are gone. One that a living process holds is never touched. */
export async function sweepIngests(
  layout: StoreLayout,
  lock: FileCalls['lock'],
  now: Clock,
  options: SweepOptions = {},
): Promise<SweepResult> {
  const oldest = now() - (options.olderThan ?? ONE_DAY);
  let files = 0;
  let size = 0;
  for (const file of await namesIn(layout.ingests)) {
    const freed = await sweepOne(
      join(layout.ingests, file),
      lock,
      isTemporary(file) ? Number.POSITIVE_INFINITY : oldest,
    );
    if (freed === undefined) continue;
    files++;
    size += freed;
  }
  return { files, size };
}

async function sweepOne(path: string, lock: FileCalls['lock'], oldest: number): Promise<number | undefined> {
  try {
    // A finished ingest is read-only just before it gets its name, and a lock needs no more than reading.
    const handle = await open(path, 'r');
    try {
      const { size, mtimeMs } = await handle.stat();
      // Under the lock nobody can start to write; who waits for it notices that the file lost its name.
      if (mtimeMs > oldest || !lock(handle.fd, 'exclusive')) return undefined;
      await rm(path, { force: true });
      return size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
