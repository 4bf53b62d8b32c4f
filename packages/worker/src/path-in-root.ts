// SPDX-License-Identifier: MIT
import { closeSync, constants, lstatSync, readlinkSync, type Stats } from 'node:fs';
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

/** Opens a file below `root` for reading, symlinks resolved inside the root. */
export function openFileInRoot(host: HostCalls, root: string, path: string): number | undefined {
  try {
    return host.openInRoot(root, rooted(path), constants.O_RDONLY);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Where `path` is to be made: the real path of its parent, resolved inside `root`, plus its last component; missing
 * parents are made by `makeFolder`. Symlinks in parents are followed, also dangling ones: their target is made.
 *
 * @param followLast - when the last component is a symlink, go on at its target.
 */
export function placeInRoot(
  host: HostCalls,
  root: string,
  path: string,
  makeFolder: (real: string, virtual: string) => void,
  followLast = true,
): string {
  const wanted = rooted(path)
    .split('/')
    .filter((part) => part !== '');
  let virtual = '/';
  let real = root;
  let links = 0;
  while (wanted.length > 0) {
    const part = wanted.shift() as string;
    if (part === '.') continue;
    if (part === '..') {
      virtual = posix.dirname(virtual);
      real = resolveInRoot(host, root, virtual) ?? root;
      continue;
    }
    const at = posix.join(real, part);
    const found = lstatOf(at);
    const last = wanted.length === 0;
    if (found?.isSymbolicLink() && (!last || followLast)) {
      if (++links > MAX_LINKS)
        throw new WorkerError(`too many levels of symbolic links: ${path}`, { code: 'TREE_PATH_INVALID' });
      const target = readlinkSync(at);
      wanted.unshift(...target.split('/').filter((piece) => piece !== ''));
      if (target.startsWith('/')) {
        virtual = '/';
        real = root;
      }
      continue;
    }
    virtual = posix.join(virtual, part);
    if (!last) {
      if (found === undefined) makeFolder(at, virtual);
      else if (!found.isDirectory()) {
        throw new WorkerError(`not a directory: ${virtual}`, { code: 'FILE_COPY_CONFLICT' });
      }
    }
    real = at;
  }
  return real;
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
