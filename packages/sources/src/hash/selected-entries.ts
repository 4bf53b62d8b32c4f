// SPDX-License-Identifier: MIT
import type { ChecksumSelector, FileDigest } from '@img-build/interfaces';
import { type BytePath, bytePath, pathText } from '../tree/byte-path.ts';
import type { TreeEntry } from '../tree/file-tree.ts';
import { requirePath } from '../tree/resolve-path.ts';
import { walkTree } from '../tree/walk-tree.ts';
import type { HashedTree } from './content-hasher.ts';
import { selectPaths } from './selected-paths.ts';

/** Every entry that the selectors choose, each once, in the order of the selectors. */
export async function listSelected(
  { tree, digests }: HashedTree,
  selectors: readonly ChecksumSelector[],
): Promise<readonly FileDigest[]> {
  const found = new Map<BytePath, TreeEntry>();
  const addAll = (start: TreeEntry): void => {
    for (const { entry } of walkTree(tree, start)) found.set(entry.path, entry);
  };
  for (const selector of selectors) {
    const follow = selector.followLinks === true;
    if (isPlain(selector)) {
      addAll(requirePath(tree, bytePath(selector.path), follow));
      continue;
    }
    for (const { entry, isNamed } of selectPaths(tree, selector).paths) {
      if (follow && isNamed && entry.kind === 'symlink') addAll(requirePath(tree, entry.path, true));
      else found.set(entry.path, entry);
    }
  }
  const files: FileDigest[] = [];
  for (const [path, entry] of found)
    files.push({ path: pathText(path), digest: digests.known(entry) ?? (await digests.header(entry)) });
  return files;
}

function isPlain({ wildcard, includePatterns = [], excludePatterns = [] }: ChecksumSelector): boolean {
  return wildcard !== true && includePatterns.length === 0 && excludePatterns.length === 0;
}
