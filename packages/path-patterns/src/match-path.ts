// SPDX-License-Identifier: MIT
import { type GlobPart, parseGlob } from './glob.ts';
import { createGlobAutomaton } from './glob-automaton.ts';
import { compileGlob } from './glob-matcher.ts';

/**
 * Whether `name` matches a shell pattern as in Go's `path.Match`: `*` and `?` do
 * not cross slashes, `[a-z]` and `[^a-z]` are classes, a backslash escapes. The
 * pattern must match all of `name`.
 *
 * @throws PathPatternError `PATTERN_INVALID`.
 */
export function matchPath(pattern: string, name: string): boolean {
  return createGlobAutomaton(parseGlob(pattern)).matches(name);
}

/**
 * {@link matchPath} for many names: reads the pattern once.
 *
 * @throws PathPatternError `PATTERN_INVALID`.
 */
export function createPathMatcher(pattern: string): (name: string) => boolean {
  return compileGlob(parseGlob(pattern)).matches;
}

/** Whether `pattern` has characters that mean something else than themselves to {@link matchPath}. */
export function hasWildcards(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}

/** The one name a pattern without wildcards matches, escapes removed; `null` when it has wildcards. */
export function literalPath(pattern: string): string | null {
  const parts: readonly GlobPart[] = parseGlob(pattern);
  let text = '';
  for (const part of parts) {
    if (part.type !== 'character') return null;
    text += String.fromCodePoint(part.point);
  }
  return text;
}
