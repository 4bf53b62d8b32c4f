// SPDX-License-Identifier: MIT
import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { FileCalls } from '@img-build/interfaces';
import type { LeaseRow } from '@img-build/metadata';
import { namesIn } from './folder-names.ts';
import { leftover, type StoreProblem } from './problem.ts';
import { temporaryFiles } from './temporary-files.ts';

/** Where to look, and how to tell what a living process holds. */
export interface LeftoverCheck {
  /** Absolute path of the state folder. */
  readonly state: string;
  readonly host: Pick<FileCalls, 'lock'>;
}

/** What killed processes left in the state folder, apart from snapshots. */
export function checkLeftovers(leases: readonly LeaseRow[], check: LeftoverCheck): readonly StoreProblem[] {
  return [
    ...leases
      .filter(({ isAlive }) => isAlive === false)
      .map(({ id, owner }) => leftover('lease-dead', id, `belongs to process ${owner.pid}, which is gone`)),
    ...freeFiles('content/ingest', check).map((path) =>
      /\/r-[^/]*$/.test(path)
        ? leftover('download-interrupted', path, 'is kept for a day, to be gone on with')
        : leftover('blob-unfinished', path, 'was being written by a process that is gone'),
    ),
    // The file of a worker's number stays; the next worker takes it.
    ...freeFiles('locks', check)
      .filter((path) => !path.startsWith('locks/worker-'))
      .map((path) => leftover('lock-free', path, 'was left by a process that is gone; it locks nothing')),
    ...temporaryFiles(check.state).map((path) =>
      leftover('file-temporary', path, 'was being written by a process that is gone'),
    ),
  ];
}

/** Whether a living process holds the lock of a file. */
export function isHeld(path: string, host: LeftoverCheck['host']): boolean {
  try {
    const fd = openSync(path, 'r');
    try {
      return !host.lock(fd, 'exclusive');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Files of a folder that exist and that nobody holds; paths below the state folder. */
function freeFiles(folder: string, { state, host }: LeftoverCheck): readonly string[] {
  return namesIn(join(state, folder))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !isHeld(join(state, path), host))
    .filter((path) => statSync(join(state, path), { throwIfNoEntry: false }) !== undefined);
}
