// SPDX-License-Identifier: MIT
import { parseGlob } from './glob.ts';
import { compileGlob, type GlobMatcher } from './glob-matcher.ts';

/**
 * Compiles one cleaned pattern of an ignore file.
 *
 * `**` means what moby/patternmatcher makes of it: with something behind it, any
 * number of folders (a slash after it is swallowed); at the end, anything. Only a
 * pattern that is `**` and then plain text matches that text at the end of any
 * name, so `**file` matches `my-file`, but `**file*` does not match `my-file.txt`.
 *
 * @throws PathPatternError `PATTERN_INVALID`.
 */
export function compileIgnorePattern(pattern: string): GlobMatcher {
  const parts = parseGlob(pattern, { globstar: true });
  if (PLAIN_SUFFIX.test(pattern)) parts[0] = { type: 'rest' };
  return compileGlob(parts);
}

const PLAIN_SUFFIX = /^\*\*[^/*?[\]\\][^*?[\]\\]*$/;
