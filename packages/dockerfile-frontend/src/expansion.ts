// SPDX-License-Identifier: MIT
import { type EscapeCharacter, type ExpandOptions, expandWord } from '@img-build/dockerfile-parser';
import { isToolError } from '@img-build/errors';
import type { Environment } from './environment.ts';
import { FrontendError } from './frontend-error.ts';

/**
 * Expands a word.
 *
 * @throws FrontendError `EXPANSION_INVALID`; the composer adds the place.
 */
export function expand(
  word: string,
  environment: Environment,
  escape: EscapeCharacter,
  options: ExpandOptions = {},
): string {
  return guard(() => expandWord(word, environment.toMap(), { escape, ...options }).value);
}

/** Expands a word and splits the result at blanks. */
export function expandAndSplit(
  word: string,
  environment: Environment,
  escape: EscapeCharacter,
): readonly string[] {
  return guard(() => expandWord(word, environment.toMap(), { escape }).words);
}

/** Runs a function of the parser; what it throws about a word becomes an error of the frontend. */
export function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isToolError(error) || error instanceof FrontendError) throw error;
    throw new FrontendError(error.message, { code: 'EXPANSION_INVALID', cause: error });
  }
}
