// SPDX-License-Identifier: MIT
import { chmodSync, type Dirent, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { createPace } from './pace.ts';

/**
 * Removes a file or folder with everything in it, whatever the bytes of its names and the modes of its folders are.
 * Never follows a symlink; a path that does not exist is fine, and so is another process that removes the same.
 */
export async function removeTree(path: string, options: AbortOptions = {}): Promise<void> {
  const pace = createPace(options);

  async function removeFolder(folder: Buffer): Promise<void> {
    for (const entry of entriesOf(folder)) {
      await pace();
      const child = Buffer.concat([folder, SLASH, entry.name]);
      if (entry.isDirectory()) await removeFolder(child);
      else withAccess(folder, () => ignoreMissing(() => unlinkSync(child)));
    }
    ignoreMissing(() => rmdirSync(folder));
  }

  const root = Buffer.from(path);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) await removeFolder(root);
  else ignoreMissing(() => unlinkSync(path));
}

const SLASH = Buffer.from('/');

function entriesOf(folder: Buffer): readonly Dirent<Buffer>[] {
  let entries: readonly Dirent<Buffer>[] = [];
  ignoreMissing(() => {
    entries = withAccess(folder, () => readdirSync(folder, { withFileTypes: true, encoding: 'buffer' }));
  });
  return entries;
}

/** Tries again with a folder that may be read, searched and written. */
function withAccess<Result>(folder: Buffer, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!isSystemError(error, 'EACCES')) throw error;
    chmodSync(folder, 0o700);
    return action();
  }
}

function ignoreMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    // Somebody else removes the same garbage.
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}
