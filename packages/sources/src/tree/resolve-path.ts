// SPDX-License-Identifier: MIT
import { SourceError } from '../source-error.ts';
import { type BytePath, childPath, parentPath, pathText } from './byte-path.ts';
import type { FileTree, TreeEntry } from './file-tree.ts';

const MAX_LINKS = 255;

/** Where a path leads. */
export interface ResolvedPath {
  /** With every symlink on the way replaced by where it points; below the root always. */
  readonly path: BytePath;
  /** `undefined` when nothing is there. */
  readonly entry: TreeEntry | undefined;
}

/**
 * Resolves a path as if the tree's root were `/`: `..` stops at the root, absolute links start at it.
 *
 * @param followLast - also resolve a symlink that the last component is.
 * @throws SourceError `TREE_TOO_MANY_LINKS`
 */
export function resolvePath(tree: FileTree, path: BytePath, followLast: boolean): ResolvedPath {
  const rest = path.split('/').reverse();
  let at: BytePath = '';
  let links = 0;
  while (rest.length > 0) {
    const part = rest.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      at = parentPath(at);
      continue;
    }
    const next = childPath(at, part);
    const entry = tree.get(next);
    const last = !rest.some((later) => later !== '');
    if (entry?.kind !== 'symlink' || (last && !followLast)) {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS)
      throw new SourceError(`too many symlinks on the way to ${JSON.stringify(`/${pathText(path)}`)}`, {
        code: 'TREE_TOO_MANY_LINKS',
      });
    if (entry.target.startsWith('/')) at = '';
    rest.push(...entry.target.split('/').reverse());
  }
  return { path: at, entry: tree.get(at) };
}

/**
 * As {@link resolvePath}, for a path that must exist.
 *
 * @throws SourceError `TREE_PATH_NOT_FOUND`, `TREE_TOO_MANY_LINKS`
 */
export function requirePath(tree: FileTree, path: BytePath, followLast: boolean): TreeEntry {
  const { path: resolved, entry } = resolvePath(tree, path, followLast);
  if (entry !== undefined) return entry;
  throw notFound(tree, path, resolved);
}

/** The error for a path that is not there, or not to be seen. */
export function notFound(tree: FileTree, path: BytePath, resolved: BytePath = path): SourceError {
  const shown = JSON.stringify(`/${pathText(path).replace(/^\/+/, '')}`);
  const excluded = tree.isExcluded(resolved);
  return new SourceError(
    excluded ? `${shown}: not found: an ignore rule excludes it` : `${shown}: not found`,
    {
      code: 'TREE_PATH_NOT_FOUND',
      hint: excluded
        ? 'take the path out of the ignore file (<Dockerfile>.dockerignore where there is one, else .dockerignore), or add an exception that starts with "!"'
        : undefined,
    },
  );
}
