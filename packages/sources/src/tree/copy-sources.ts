// SPDX-License-Identifier: MIT
import { type BytePath, baseName, bytePath, childPath, rootedPath } from './byte-path.ts';
import type { FileTree, TreeEntry } from './file-tree.ts';
import { requirePath, resolvePath } from './resolve-path.ts';
import { matchesOf, splitWildcards } from './wildcards.ts';

/** What a copy starts from. */
export interface CopySource {
  /** The last component as written or matched: what the copy is called in a destination folder. `''` for the root. */
  readonly name: BytePath;
  /** What is copied: where the name leads, when links are followed. */
  readonly entry: TreeEntry;
}

/** How the source of a copy is named. */
export interface CopySourcesOptions {
  readonly wildcard: boolean;
  /** Follow a symlink that the source itself is, also one that a wildcard matched. */
  readonly followLinks: boolean;
}

/**
 * Finds what `COPY source` means: below the root whatever it says, symlinks resolved inside it. A source without
 * wildcards must exist; wildcards may match nothing.
 *
 * @throws SourceError `TREE_PATH_NOT_FOUND`, `TREE_TOO_MANY_LINKS`
 */
export function resolveCopySources(
  tree: FileTree,
  source: string,
  { wildcard, followLinks }: CopySourcesOptions,
): readonly CopySource[] {
  const path = rootedPath(bytePath(source));
  const { literal, wild } = wildcard ? splitWildcards(path) : { literal: path, wild: '' };
  if (wild === '') return [{ name: baseName(literal), entry: requirePath(tree, literal, followLinks) }];
  const { entry: start } = resolvePath(tree, literal, true);
  if (start === undefined) return [];
  return matchesOf(tree, start, wild).map(({ path: match, entry }) => ({
    name: baseName(match),
    entry:
      followLinks && entry.kind === 'symlink' ? requirePath(tree, childPath(start.path, match), true) : entry,
  }));
}
