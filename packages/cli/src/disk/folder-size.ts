// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';

const BLOCK = 512;

/** Bytes that a file, or a folder of the user's with everything in it, takes on disk; 0 when it is not there. */
export function sizeOnDisk(path: string): number {
  try {
    const stats = lstatSync(path);
    const own = stats.blocks * BLOCK;
    if (!stats.isDirectory()) return own;
    return readdirSync(path).reduce((sum, name) => sum + sizeOnDisk(join(path, name)), own);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0;
    throw error;
  }
}
