// SPDX-License-Identifier: MIT
import {
  type BytePath,
  baseName,
  bytePath,
  childPath,
  parentPath,
  pathText,
  rootedPath,
} from './byte-path.ts';
import type { FileTree } from './file-tree.ts';
import { hasWildcards, matchesOf } from './wildcards.ts';

/** Links that lead through one another more often than this are a circle. */
const MAX_LINKS = 255;

/**
 * The include patterns for paths that are to be seen: the paths themselves and everything that symlinks on the way
 * lead through. Wildcards in a path choose among names; they stay wildcards in the answer.
 *
 * @returns `undefined` when everything is included.
 */
export function followedPaths(tree: FileTree, paths: readonly string[]): readonly string[] | undefined {
  const found = new Set<BytePath>();
  const visited = new Set<BytePath>();

  function follow(path: BytePath, links: number): void {
    if (visited.has(path) || links > MAX_LINKS) return;
    visited.add(path);
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length++) {
      const at = parts.slice(0, length).join('/');
      const targets = linkTargets(tree, at);
      if (targets.length === 0) continue;
      found.add(at);
      const rest = parts.slice(length).join('/');
      for (const target of targets) follow(rootedPath(childPath(target, rest)), links + 1);
      // Below a wildcard there are also the folders it matched.
      if (!hasWildcards(baseName(at))) return;
    }
    found.add(path);
  }

  for (const path of paths) follow(rootedPath(bytePath(path)), 0);
  return found.has('') ? undefined : [...found].sort().map(pathText);
}

/** Where the links named by a path, whose last component may be a wildcard, point. */
function linkTargets(tree: FileTree, path: BytePath): readonly BytePath[] {
  const folder = tree.get(parentPath(path));
  if (folder === undefined) return [];
  const name = baseName(path);
  const entries = hasWildcards(name)
    ? matchesOf(tree, folder, name).map(({ entry }) => entry)
    : [tree.get(path)];
  return entries.flatMap((entry) => {
    if (entry?.kind !== 'symlink') return [];
    return [
      rootedPath(
        entry.target.startsWith('/') ? entry.target : childPath(parentPath(entry.path), entry.target),
      ),
    ];
  });
}
