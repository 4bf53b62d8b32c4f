// SPDX-License-Identifier: MIT
import { cleanPath } from './clean-path.ts';
import { PathPatternError } from './path-pattern-error.ts';
import { trimSpace } from './trim-space.ts';

/** One rule of an ignore file. */
export interface IgnoreRule {
  /** Cleaned, without leading slash, with its `!`. */
  readonly pattern: string;
  /** Line it stands on; the first is 1. */
  readonly line: number;
}

/**
 * Reads the text of a `.dockerignore`: a byte order mark and lines that start with
 * `#` are skipped, white space around a rule is dropped.
 *
 * @throws PathPatternError `PATTERN_INVALID` for a lone `!`.
 */
export function parseIgnoreRules(text: string): IgnoreRule[] {
  return splitIgnoreFile(text).flatMap((line, index) => {
    const pattern = parseIgnoreLine(line, index + 1);
    return pattern === null ? [] : [{ pattern, line: index + 1 }];
  });
}

/** The lines of a `.dockerignore`, without a byte order mark. */
export function splitIgnoreFile(text: string): string[] {
  return text.replace(/^\ufeff/, '').split('\n');
}

/**
 * The rule on one line; `null` when there is none.
 *
 * @throws PathPatternError `PATTERN_INVALID` for a lone `!`.
 */
export function parseIgnoreLine(text: string, line: number): string | null {
  if (text.startsWith('#')) return null;
  const pattern = cleanRule(trimSpace(text), line);
  return pattern === '' ? null : pattern;
}

/**
 * The rules of a `.dockerignore` as {@link createPatternMatcher} takes them.
 *
 * @throws PathPatternError `PATTERN_INVALID` for a lone `!`.
 */
export function parseIgnoreFile(text: string): string[] {
  return parseIgnoreRules(text).map(({ pattern }) => pattern);
}

function cleanRule(written: string, line: number): string {
  const exception = written.startsWith('!');
  const path = exception ? trimSpace(written.slice(1)) : written;
  if (path === '') {
    if (!exception) return '';
    throw new PathPatternError(`illegal exclusion pattern: "!" on line ${line}`, { code: 'PATTERN_INVALID' });
  }
  const clean = cleanPath(path);
  const relative = clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
  return exception ? `!${relative}` : relative;
}
