// SPDX-License-Identifier: MIT
import type { FileChanges } from '@img-build/interfaces';

/** Paths that a list of changes names. */
const MAX_NAMED = 20;

/** What differs between two lists of files; `undefined` when nothing does. */
export function compareFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): FileChanges | undefined {
  const changed: string[] = [];
  const added: string[] = [];
  const removed: string[] = [];
  for (const [path, digest] of after) {
    const old = before.get(path);
    if (old === undefined) added.push(path);
    else if (old !== digest) changed.push(path);
  }
  for (const path of before.keys()) if (!after.has(path)) removed.push(path);
  const lists = { changed, added: outermost(added), removed: outermost(removed) };
  const total = lists.changed.length + lists.added.length + lists.removed.length;
  if (total === 0) return undefined;
  return {
    changed: named(lists.changed),
    added: named(lists.added),
    removed: named(lists.removed),
    total,
  };
}

/** A folder that came or went with all that is in it stands for it, with a slash at its end. */
function outermost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  const folders = new Set<string>();
  const inside = (path: string): boolean => {
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (!all.has(folder)) continue;
      folders.add(folder);
      return true;
    }
    return false;
  };
  const kept = paths.filter((path) => !inside(path));
  return kept.map((path) => (folders.has(path) ? `${path}/` : path));
}

function named(paths: readonly string[]): readonly string[] {
  return paths.toSorted().slice(0, MAX_NAMED);
}
