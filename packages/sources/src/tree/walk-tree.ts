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
  yield { path: '', entry: start };
  if (options.include === undefined && (options.exclude ?? []).length === 0) {
    for (const entry of entriesBelow(tree, start))
      yield { path: start.path === '' ? entry.path : entry.path.slice(start.path.length + 1), entry };
    return;
  }
  const rules = createPathRules(options);
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

/** Everything below an entry, as {@link walkTree} orders it, without patterns. */
export function* entriesBelow(tree: FileTree, start: TreeEntry): Generator<TreeEntry, void, undefined> {
  // One stack of iterators, where a generator for each folder would pass every entry through all of them.
  const open = [tree.list(start).values()];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const { done, value: entry } = folder.next();
    if (done === true) {
      open.pop();
      continue;
    }
    yield entry;
    if (entry.kind === 'directory') open.push(tree.list(entry).values());
  }
}

/** A folder that may turn out to hold something included. */
interface Waiting extends WalkedEntry {
  isYielded: boolean;
}
