// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { isSystemError } from '@img-build/errors';

/** The names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
