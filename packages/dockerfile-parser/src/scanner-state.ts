// SPDX-License-Identifier: MIT
import { DockerfileError } from './dockerfile-error.ts';
import type { WordCollector } from './word-collector.ts';

/** Reading position and circumstances of one expansion. */
export interface ScannerState {
  readonly text: string;
  at: number;
  readonly escape: string;
  readonly keepUnset: boolean;
  readonly ignoreQuotes: boolean;
  readonly keepQuotes: boolean;
  keepEscapes: boolean;
  depth: number;
  readonly lookUp: (name: string) => string | undefined;
  readonly matched: Set<string>;
  readonly unmatched: Set<string>;
  /** Expands up to and over `stop`, or to the end when `stop` is empty. */
  readonly scanUntil: (
    state: ScannerState,
    stop: string,
    keepEscapes: boolean,
    words: WordCollector | null,
  ) => string;
}

/** The error of a quote, brace or slash that never comes. */
export function unterminated(message: string): DockerfileError {
  return new DockerfileError(message, { code: 'EXPANSION_UNTERMINATED' });
}

/** The error of an operator that does not exist. */
export function unsupported(modifier: string): DockerfileError {
  return new DockerfileError(`unsupported modifier (${modifier}) in substitution`, {
    code: 'EXPANSION_MODIFIER_UNSUPPORTED',
  });
}
