// SPDX-License-Identifier: MIT
import { dirname } from 'node:path';
import { isSystemError } from '@img-build/errors';
import { makeFolders } from './make-folders.ts';
import { UsageError } from './usage-error.ts';

/** Makes the folder that a result goes to, before any work is done for it. @throws UsageError */
export function prepareFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UsageError(`cannot write to ${path}: ${error.message}`, 'name another place');
  }
}

/** Makes the folder of a file that a result goes to. @throws UsageError */
export function prepareFile(path: string): void {
  prepareFolder(dirname(path));
}
