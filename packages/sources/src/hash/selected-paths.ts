// SPDX-License-Identifier: MIT
import type { ChecksumSelector } from '@img-build/interfaces';
import { type BytePath, baseName, bytePath, childPath, rootedPath } from '../tree/byte-path.ts';
import type { FileTree, TreeEntry } from '../tree/file-tree.ts';
import { createPathRules } from '../tree/path-rules.ts';
import { requirePath, resolvePath } from '../tree/resolve-path.ts';
import { matchesOf, splitWildcards } from '../tree/wildcards.ts';

/** An entry that a selector chose, under the name it was chosen by. */
export interface SelectedPath {
  /** As the selector names it: links on the way to it are not replaced. */
  readonly path: BytePath;
  readonly entry: TreeEntry;
  /** The selector's path or wildcard names the entry itself, not a folder it is in. */
  readonly isNamed: boolean;
}

/** What a selector with wildcards or patterns chose. */
export interface Selection {
  /** The part of the selector's path that has no wildcard; names in the digest are relative to it. */
  readonly prefix: BytePath;
  /** In byte order of their components; a folder before what is in it. */
  readonly paths: readonly SelectedPath[];
}

/**
 * Chooses entries by a selector that has wildcards, include or exclude patterns. Every entry stands for itself alone:
 * what is in a folder is listed, never implied. A folder that no pattern includes is listed when something in it is.
 *
 * @throws SourceError `TREE_PATH_NOT_FOUND` (only for a path without wildcards), `TREE_TOO_MANY_LINKS`, `TREE_PATTERN_INVALID`
 * @see BuildKit, cache/contenthash/checksum.go, includedPaths
 */
export function selectPaths(tree: FileTree, selector: ChecksumSelector): Selection {
  const pattern = rootedPath(bytePath(selector.path));
  const { literal, wild } =
    selector.wildcard === true ? splitWildcards(pattern) : { literal: pattern, wild: '' };
  const rules = createPathRules({
    include: nonEmpty(selector.includePatterns),
    exclude: selector.excludePatterns,
  });
  const start = wild === '' ? requirePath(tree, literal, false) : resolvePath(tree, literal, true).entry;
  const paths: SelectedPath[] = [];
  if (start === undefined) return { prefix: literal, paths };
  if (wild === '') {
    // Written with a slash at its end, a folder stands for what is in it.
    addBelow(
      { path: literal, entry: start, isNamed: true, isListed: selector.path.endsWith('/') && literal !== '' },
      '',
      [],
    );
  } else {
    for (const match of matchesOf(tree, start, wild)) {
      addBelow(
        { path: childPath(literal, match.path), entry: match.entry, isNamed: true, isListed: false },
        '',
        [],
      );
    }
  }
  return { prefix: literal, paths };

  function addBelow(candidate: Candidate, relative: BytePath, parents: readonly Candidate[]): void {
    const line = [...parents, candidate];
    if (rules.includes(relative)) {
      for (const one of line) {
        if (!one.isListed) paths.push(one);
        one.isListed = true;
      }
    }
    if (candidate.entry.kind !== 'directory' || !rules.mayContain(relative)) return;
    for (const child of tree.list(candidate.entry)) {
      const name = baseName(child.path);
      addBelow(
        { path: childPath(candidate.path, name), entry: child, isNamed: false, isListed: false },
        childPath(relative, name),
        line,
      );
    }
  }
}

/** A folder is listed once, when the first thing in it is. */
interface Candidate extends SelectedPath {
  isListed: boolean;
}

function nonEmpty(patterns: readonly string[] | undefined): readonly string[] | undefined {
  return patterns === undefined || patterns.length === 0 ? undefined : patterns;
}
