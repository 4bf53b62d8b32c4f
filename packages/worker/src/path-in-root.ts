// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { WorkerError } from './worker-error.ts';

/** O_PATH of Linux, which `node:fs` does not name. */
const O_PATH = 0o10000000;
const MAX_LINKS = 40;

/**
 * The real path below `root` of an existing `path`, with every symlink resolved as if `root` were `/`; the kernel
 * does the resolving, so no symlink can lead outside. `undefined` when it does not exist.
 *
 * @param follow - resolve a symlink that `path` itself names; default true.
 */
export function resolveInRoot(
  host: HostCalls,
  root: string,
  path: string,
  follow = true,
): string | undefined {
  let fd: number;
  try {
    fd = host.openInRoot(root, rooted(path), O_PATH | (follow ? 0 : constants.O_NOFOLLOW));
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystemError(error, 'ELOOP')) {
      throw new WorkerError(`too many levels of symbolic links: ${path}`, {
        code: 'TREE_PATH_INVALID',
        cause: error,
      });
    }
    throw error;
  }
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a regular file below `root` for reading, symlinks resolved inside the root; `undefined` when nothing is there.
 * What is no regular file is looked at only: opening a fifo would wait for ever, opening a device might do something.
 *
 * @throws WorkerError `TREE_PATH_INVALID` when it is no regular file.
 */
export function openFileInRoot(host: HostCalls, root: string, path: string): number | undefined {
  let found: number;
  try {
    found = host.openInRoot(root, rooted(path), O_PATH);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(found).isFile())
      throw new WorkerError(`${path} is not a regular file`, { code: 'TREE_PATH_INVALID' });
    return openSync(`/proc/self/fd/${found}`, constants.O_RDONLY);
  } finally {
    closeSync(found);
  }
}

/**
 * Where `path` is to be made: the real path of its parent, resolved inside `root`, plus its last component; missing
 * parents are made by `makeFolder`. Symlinks in parents are followed, also dangling ones: their target is made.
 *
 * @param followLast - when the last component is a symlink, go on at its target.
 */
export function placeInRoot(
  root: string,
  path: string,
  makeFolder: (real: string, virtual: string) => void,
  followLast = true,
): string {
  const wanted = rooted(path)
    .split('/')
    .filter((part) => part !== '');
  /** Below the root; never through a symlink. */
  let virtual = '/';
  let links = 0;
  while (wanted.length > 0) {
    const part = wanted.shift() as string;
    if (part === '.') continue;
    if (part === '..') {
      virtual = posix.dirname(virtual);
      continue;
    }
    const at = posix.join(root, virtual, part);
    const found = lstatOf(at);
    const last = wanted.length === 0;
    if (found?.isSymbolicLink() && (!last || followLast)) {
      if (++links > MAX_LINKS)
        throw new WorkerError(`too many levels of symbolic links: ${path}`, { code: 'TREE_PATH_INVALID' });
      const target = readlinkSync(at);
      wanted.unshift(...target.split('/').filter((piece) => piece !== ''));
      if (target.startsWith('/')) virtual = '/';
      continue;
    }
    virtual = posix.join(virtual, part);
    if (!last) {
      if (found === undefined) makeFolder(at, virtual);
      else if (!found.isDirectory()) {
        throw new WorkerError(`not a directory: ${virtual}`, { code: 'FILE_COPY_CONFLICT' });
      }
    }
  }
  return posix.join(root, virtual);
}

/** lstat(2), or `undefined` when nothing is there. */
export function lstatOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** `path` cleaned, absolute, without a way up. */
export function rooted(path: string): string {
  if (path.includes('\0')) throw new WorkerError('path contains a NUL byte', { code: 'TREE_PATH_INVALID' });
  return posix.normalize(`/${path}`).replace(/(.)\/$/, '$1');
}
