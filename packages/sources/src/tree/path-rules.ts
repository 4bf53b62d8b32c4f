// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import { createPatternMatcher, type PatternMatcher } from '@img-build/path-patterns';
import { SourceError } from '../source-error.ts';
import { type BytePath, pathText } from './byte-path.ts';

/** Decides which paths of a folder exist. */
export interface PathRules {
  /** The path itself exists. A folder that is not included may still exist because of what is in it. */
  includes(path: BytePath): boolean;
  /** Something below this folder may exist: it has to be looked at. */
  mayContain(path: BytePath): boolean;
  /** An exclude rule hides the path. */
  excludes(path: BytePath): boolean;
}

/** Patterns that choose from a folder; `undefined` includes everything, `[]` nothing. */
export interface PathRulesOptions {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

const WILDCARD = /[*?[\\]/;

/**
 * Include patterns and ignore rules as one decision, with the rules of .dockerignore: `**`, `!` exceptions, the last
 * match wins, a match covers everything below.
 *
 * @throws SourceError `TREE_PATTERN_INVALID`
 */
export function createPathRules(options: PathRulesOptions): PathRules {
  const { include, exclude = [] } = options;
  const included = include === undefined ? undefined : matcher(include);
  const excluded = exclude.length === 0 ? undefined : matcher(exclude);
  const wanted = include?.map(literalPrefix);
  const excludes = (path: BytePath): boolean => excluded?.matches(pathText(path)) ?? false;
  const includesText = (text: string): boolean => included?.matches(text) ?? true;
  return {
    excludes,
    includes: (path) => includesText(pathText(path)) && !excludes(path),
    mayContain(path) {
      const text = pathText(path);
      const below =
        wanted === undefined || wanted.some((prefix) => mayMatchBelow(prefix, text)) || includesText(text);
      return below && excluded?.canSkip(text) !== true;
    },
  };
}

function matcher(patterns: readonly string[]): PatternMatcher {
  try {
    return createPatternMatcher(patterns);
  } catch (cause) {
    throw new SourceError(`invalid pattern in ${JSON.stringify(patterns)}: ${messageOf(cause)}`, {
      code: 'TREE_PATTERN_INVALID',
      cause,
    });
  }
}

/** The leading components of a pattern that stand for themselves, and whether any follow that do not. */
interface LiteralPrefix {
  readonly parts: readonly string[];
  readonly open: boolean;
}

function literalPrefix(pattern: string): LiteralPrefix {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  const wild = parts.findIndex((part) => WILDCARD.test(part) || part === '..');
  return wild < 0 ? { parts, open: false } : { parts: parts.slice(0, wild), open: true };
}

function mayMatchBelow({ parts, open }: LiteralPrefix, folder: string): boolean {
  const at = folder === '' ? [] : folder.split('/');
  const common = Math.min(parts.length, at.length);
  for (let index = 0; index < common; index++) if (parts[index] !== at[index]) return false;
  return at.length < parts.length || open;
}
