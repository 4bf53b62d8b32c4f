// SPDX-License-Identifier: MIT
import { cleanPath } from './clean-path.ts';
import { PathPatternError } from './path-pattern-error.ts';

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
  const rules: IgnoreRule[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.startsWith('#')) continue;
    const pattern = cleanRule(line.trim(), index + 1);
    if (pattern !== '') rules.push({ pattern, line: index + 1 });
  }
  return rules;
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
  const path = exception ? written.slice(1).trim() : written;
  if (path === '') {
    if (!exception) return '';
    throw new PathPatternError(`illegal exclusion pattern: "!" on line ${line}`, { code: 'PATTERN_INVALID' });
  }
  const clean = cleanPath(path);
  const relative = clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
  return exception ? `!${relative}` : relative;
}
