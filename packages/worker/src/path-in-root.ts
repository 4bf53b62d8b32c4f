// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { type BytePath, bytePath, childPath, parentPath, pathText, systemPath } from '@img-build/sources';
import { WorkerError } from './worker-error.ts';

/** O_PATH of Linux, which `node:fs` does not name. */
const O_PATH = 0o10000000;
const MAX_LINKS = 40;

/**
 * The real, absolute path of an existing `path` below `root`, with every symlink resolved as if `root` were `/`; the
 * kernel does the resolving, so no symlink can lead outside. A string where it is UTF-8, bytes otherwise; `undefined` when
 * it does not exist.
 *
 * @param follow - resolve a symlink that `path` itself names; default true.
 */
export function resolveInRoot(
  host: HostCalls,
  root: string,
  path: BytePath,
  follow = true,
): string | Buffer | undefined {
  let fd: number;
  try {
    const bytes = systemPath('/', path);
    fd = host.openInRoot(root, bytes, O_PATH | (follow ? 0 : constants.O_NOFOLLOW));
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystemError(error, 'ELOOP')) {
      throw new WorkerError(`too many levels of symbolic links: /${pathText(path)}`, {
        code: 'TREE_PATH_INVALID',
        cause: error,
      });
    }
    throw error;
  }
  try {
    const real = readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' });
    const text = pathText(real);
    return bytePath(text) === real ? text : Buffer.from(real, 'latin1');
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
 * Where `path` is to be made, below `root`: its parent with every symlink resolved inside the root, plus its last
 * component; missing parents are made by `makeFolder`. Symlinks in parents are followed, also dangling ones: their target
 * is made. Names that links lead through may be any bytes.
 *
 * @param followLast - when the last component is a symlink, go on at its target.
 */
export function placeInRoot(
  root: string,
  path: string,
  makeFolder: (real: string | Buffer, virtual: string) => void,
  followLast = true,
): BytePath {
  const wanted = components(bytePath(rooted(path)));
  /** Below the root; never through a symlink. */
  let place: BytePath = '';
  let links = 0;
  while (wanted.length > 0) {
    const part = wanted.shift() as string;
    if (part === '..') {
      place = parentPath(place);
      continue;
    }
    const next = childPath(place, part);
    const at = systemPath(root, next);
    const found = lstatOf(at);
    const last = wanted.length === 0;
    if (found?.isSymbolicLink() && (!last || followLast)) {
      if (++links > MAX_LINKS)
        throw new WorkerError(`too many levels of symbolic links: ${path}`, { code: 'TREE_PATH_INVALID' });
      const target = readlinkSync(at, { encoding: 'latin1' });
      wanted.unshift(...components(target));
      if (target.startsWith('/')) place = '';
      continue;
    }
    place = next;
    if (last) continue;
    if (found === undefined) makeFolder(at, `/${pathText(place)}`);
    else if (!found.isDirectory())
      throw new WorkerError(`not a directory: /${pathText(place)}`, { code: 'FILE_COPY_CONFLICT' });
  }
  return place;
}

function components(path: BytePath): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/**
 * A path of the kind {@link placeInRoot} gives, as text.
 *
 * @throws WorkerError `TREE_PATH_INVALID` when it is not UTF-8: a container's description is.
 */
export function utf8Path(path: BytePath): string {
  const text = pathText(path);
  if (bytePath(text) === path) return text;
  throw new WorkerError(`cannot mount at /${text}: the name is not UTF-8`, { code: 'TREE_PATH_INVALID' });
}

/** lstat(2), or `undefined` when nothing is there. */
export function lstatOf(path: string | Buffer): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** `path` cleaned, absolute, without a way up. */
export function rooted(path: string): string {
  if (path.includes('\0')) throw new WorkerError('path contains a NUL byte', { code: 'TREE_PATH_INVALID' });
  return posix.normalize(`/${path}`).replace(/(.)\/$/, '$1');
}
