// SPDX-License-Identifier: MIT
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { Locks, Snapshotter } from '@img-build/interfaces';
import { removeSnapshots } from './snapshot-removal.ts';

/** Milliseconds after which the kernel has written to disk what a process wrote: it expires dirty pages after 30 seconds. */
const WRITTEN_AFTER = 60_000;

/**
 * Unpacking and running do not wait for the disk, so a power failure may damage the files of the snapshots made just
 * before it. When the machine was started anew since this folder was last used, the snapshots of the last minute of
 * that use are removed; they are made again when they are needed.
 *
 * @param folder - where it is remembered which start of the machine this is.
 */
export async function dropUnsyncedSnapshots(
  snapshotter: Snapshotter,
  locks: Locks,
  folder: string,
): Promise<void> {
  const file = join(folder, `${snapshotter.backend}.boot`);
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const last = readIfThere(file);
  if (last === boot) return;
  if (last !== undefined) {
    const snapshots = await snapshotter.list();
    const newest = Math.max(0, ...snapshots.map(({ createdAt }) => createdAt));
    const suspect = snapshots.filter(
      ({ kind, createdAt }) => kind === 'committed' && createdAt >= newest - WRITTEN_AFTER,
    );
    await removeSnapshots(
      snapshotter,
      locks,
      suspect.map(({ key }) => key),
    );
  }
  writeFileSync(`${file}.new`, boot);
  renameSync(`${file}.new`, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
