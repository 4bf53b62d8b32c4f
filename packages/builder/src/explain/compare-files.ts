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
  const lists = [changed, added, removed].map(withoutFolders) as [string[], string[], string[]];
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return undefined;
  const [inChanged, inAdded, inRemoved] = lists.map(named) as [string[], string[], string[]];
  return { changed: inChanged, added: inAdded, removed: inRemoved, total };
}

/** A folder that came or went with what is in it is not named besides. */
function withoutFolders(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at));
  }
  return paths.filter((path) => !folders.has(path));
}

function named(paths: readonly string[]): readonly string[] {
  return paths.toSorted().slice(0, MAX_NAMED);
}
