// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import type { HostCalls } from '@img-build/interfaces';
import { openFileInRoot } from './path-in-root.ts';
import { WorkerError } from './worker-error.ts';

/** Reads a file of a tree whole. @throws WorkerError `TREE_PATH_NOT_FOUND`, `TREE_FILE_TOO_LARGE` */
export function readTreeFile(host: HostCalls, root: string, path: string, limit: number): Uint8Array {
  const fd = openFileInRoot(host, root, path);
  if (fd === undefined)
    throw new WorkerError(`${JSON.stringify(path)}: not found`, { code: 'TREE_PATH_NOT_FOUND' });
  try {
    const { size } = fstatSync(fd);
    if (size > limit)
      throw new WorkerError(`${path} has ${size} bytes, more than ${limit}`, { code: 'TREE_FILE_TOO_LARGE' });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
