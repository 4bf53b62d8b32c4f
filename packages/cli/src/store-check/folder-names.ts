// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';

/** The names in a folder; none when there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
