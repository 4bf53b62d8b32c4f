// SPDX-License-Identifier: MIT
import { posix } from 'node:path';

/** Go's `path.Clean`: no slash at the end, `.` for nothing. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path === '' ? '.' : path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** `path` below `parent` unless it is absolute; `..` cannot leave the root. */
export function absolutePath(parent: string, path: string): string {
  if (path === '') return cleanPath(parent);
  return cleanPath(path.startsWith('/') ? path : `${parent}/${path}`);
}

/** The same, but a `/` or `/.` at the end stays: it makes a destination a folder. */
export function absoluteDestination(parent: string, path: string): string {
  const written = path === '' || path === '.' ? './' : path;
  const normal = absolutePath(parent, written);
  if (written.endsWith('/') && !normal.endsWith('/')) return `${normal}/`;
  if (written.endsWith('/.')) return normal === '/' ? '/.' : `${normal}/.`;
  return normal;
}
