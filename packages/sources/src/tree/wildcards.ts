// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import { createPathMatcher } from '@img-build/path-patterns';
import { SourceError } from '../source-error.ts';
import { type BytePath, baseName, childPath, pathText } from './byte-path.ts';
import type { FileTree, TreeEntry } from './file-tree.ts';

/** Tells whether a name holds a wildcard of `path.Match` that no backslash takes away. */
export function hasWildcards(name: BytePath): boolean {
  return /[*?[]/.test(name.replace(/\\./gs, ''));
}

/** Splits a path before its first component with a wildcard; backslashes are gone from the part without. */
export function splitWildcards(path: BytePath): { readonly literal: BytePath; readonly wild: BytePath } {
  const parts = path.split('/');
  const at = parts.findIndex(hasWildcards);
  const plain = at < 0 ? parts : parts.slice(0, at);
  return { literal: plain.join('/').replace(/\\(.)/gs, '$1'), wild: at < 0 ? '' : parts.slice(at).join('/') };
}

/** An entry found by a pattern. */
export interface Match {
  /** Below where the search began. */
  readonly path: BytePath;
  readonly entry: TreeEntry;
}

/** What a pattern matches below a folder: name by name, never through a symlink, in byte order. @throws SourceError `TREE_PATTERN_INVALID` */
export function matchesOf(tree: FileTree, start: TreeEntry, pattern: BytePath): readonly Match[] {
  const parts = pathText(pattern).split('/').map(compile);
  const found: Match[] = [];
  function search(folder: TreeEntry, path: BytePath, level: number): void {
    for (const child of tree.list(folder)) {
      const name = baseName(child.path);
      if (parts[level]?.(pathText(name)) !== true) continue;
      const below = childPath(path, name);
      if (level + 1 === parts.length) found.push({ path: below, entry: child });
      else search(child, below, level + 1);
    }
  }
  search(start, '', 0);
  return found;
}

function compile(pattern: string): (name: string) => boolean {
  try {
    return createPathMatcher(pattern);
  } catch (cause) {
    throw new SourceError(`invalid pattern ${JSON.stringify(pattern)}: ${messageOf(cause)}`, {
      code: 'TREE_PATTERN_INVALID',
      cause,
    });
  }
}
