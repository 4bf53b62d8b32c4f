// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import type { HostCalls } from '@img-build/interfaces';
import { openFileInRoot } from './path-in-root.ts';
import { WorkerError } from './worker-error.ts';

/** Reads a regular file of a tree whole. @throws WorkerError `TREE_PATH_NOT_FOUND`, `TREE_PATH_INVALID`, `TREE_FILE_TOO_LARGE` */
export function readTreeFile(host: HostCalls, root: string, path: string, limit: number): Uint8Array {
  const fd = openFileInRoot(host, root, path);
  if (fd === undefined)
    throw new WorkerError(`${JSON.stringify(path)}: not found`, { code: 'TREE_PATH_NOT_FOUND' });
  try {
    const { size } = fstatSync(fd);
    if (size > limit) throw tooLarge(path, limit);
    const bytes = readFileSync(fd);
    // A file of the host may have grown since.
    if (bytes.length > limit) throw tooLarge(path, limit);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function tooLarge(path: string, limit: number): WorkerError {
  return new WorkerError(`${path} has more than ${limit} bytes`, { code: 'TREE_FILE_TOO_LARGE' });
}
