// SPDX-License-Identifier: MIT
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from '@img-build/errors';

/**
 * Makes a folder and those above it. Node.js does the same with `recursive`, but never returns where a folder cannot
 * be made in one that exists, as in /proc.
 *
 * @throws the error of the system that stands in the way
 */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isSystemError(error, 'EEXIST') && isFolder(path)) return;
    const above = dirname(path);
    if (!isSystemError(error, 'ENOENT') || isFolder(above)) throw error;
    makeFolders(above, mode);
    mkdirSync(path, { mode });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
