// SPDX-License-Identifier: MIT
import { rmdirSync, unlinkSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import { type ByteString, pathOf } from '../tar/byte-string.ts';
import { namesIn } from './folder-stack.ts';

/** Removes a file or a folder with all it holds; symlinks are removed, never followed. Nothing there is no error. */
export function removeTree(path: ByteString, onRemoved?: (path: ByteString) => void): void {
  try {
    unlinkSync(pathOf(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    if (!isSystemError(error, 'EISDIR', 'EPERM')) throw error;
    for (const name of namesIn(path)) removeTree(`${path}/${name}`, onRemoved);
    rmdirSync(pathOf(path));
  }
  onRemoved?.(path);
}
