// SPDX-License-Identifier: MIT
import { type BytePath, baseName, childPath } from './byte-path.ts';
import type { FileTree, TreeEntry } from './file-tree.ts';
import { createPathRules, type PathRulesOptions } from './path-rules.ts';

/** An entry met on a walk. */
export interface WalkedEntry {
  /** Relative to where the walk began; `''` for that entry itself. */
  readonly path: BytePath;
  readonly entry: TreeEntry;
}

/**
 * Everything at and below an entry: a folder before what is in it, names in byte order, symlinks as links. A folder
 * that `include` does not name appears when something in it does; one that is excluded, when an exception in it is.
 *
 * @param options - patterns relative to `start`, with the rules of .dockerignore. `start` itself always appears.
 * @throws SourceError `TREE_PATTERN_INVALID`
 */
export function* walkTree(
  tree: FileTree,
  start: TreeEntry,
  options: PathRulesOptions = {},
): Generator<WalkedEntry, void, undefined> {
  const rules = createPathRules(options);
  yield { path: '', entry: start };
  yield* walkFolder(start, '', []);

  function* walkFolder(
    folder: TreeEntry,
    path: BytePath,
    waiting: readonly Waiting[],
  ): Generator<WalkedEntry, void, undefined> {
    for (const entry of tree.list(folder)) {
      const met: Waiting = { path: childPath(path, baseName(entry.path)), entry, isYielded: false };
      const line = [...waiting, met];
      if (rules.includes(met.path)) {
        for (const one of line) {
          if (!one.isYielded) yield { path: one.path, entry: one.entry };
          one.isYielded = true;
        }
      }
      if (entry.kind === 'directory' && rules.mayContain(met.path)) yield* walkFolder(entry, met.path, line);
    }
  }
}

/** A folder that may turn out to hold something included. */
interface Waiting extends WalkedEntry {
  isYielded: boolean;
}
