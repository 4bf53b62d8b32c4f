// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { Services } from '../wiring/services.ts';

/** Bytes: enough for the database to note the first removals. */
export const RESERVE_BYTES: number = 512 * 1024;

/**
 * Makes the file that `img prune` removes first: on a disk without a free byte not even a removal could be noted. Does nothing
 * when it is there, or when the disk has no room for it.
 */
export function keepReserve(services: Pick<Services, 'state'>): void {
  const path = reserveFile(services);
  if (existsSync(path)) return;
  const temporary = `${path}.${process.pid}`;
  try {
    // Random, because file systems that compress would reserve nothing for zeros.
    writeFileSync(temporary, randomBytes(RESERVE_BYTES), { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (!isSystemError(error, 'ENOSPC', 'EDQUOT')) throw error;
  }
}

/** Gives the reserve to whoever needs it now. */
export function useReserve(services: Pick<Services, 'state'>): void {
  rmSync(reserveFile(services), { force: true });
}

function reserveFile(services: Pick<Services, 'state'>): string {
  return join(services.state(), 'reserve');
}
