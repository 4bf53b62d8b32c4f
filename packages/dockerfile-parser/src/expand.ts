// SPDX-License-Identifier: MIT
import type { EscapeCharacter } from './ast.ts';
import { quote } from './characters.ts';
import { DockerfileError } from './dockerfile-error.ts';
import type { ScannerState } from './scanner-state.ts';
import { createWordCollector } from './word-collector.ts';
import { scanUntil } from './word-scanner.ts';

/** Values of variables. */
export type Environment = Pick<ReadonlyMap<string, string>, 'get'> | Readonly<Record<string, string>>;

/** How to read a word. */
export interface ExpandOptions {
  /** The file's escape character; default backslash. */
  readonly escape?: EscapeCharacter | undefined;
  /** Leave `$name` as written when it has no value; default false: it becomes empty. */
  readonly keepUnset?: boolean;
  /** Treat quotes as ordinary characters, as in heredoc bodies; default false. */
  readonly ignoreQuotes?: boolean;
  /** Honour quotes but leave them in the result; default false. */
  readonly keepQuotes?: boolean;
  /** Honour escapes but leave the escape character in the result; default false. */
  readonly keepEscapes?: boolean;
}

/** A word after expansion. */
export interface Expansion {
  /** The whole as one word, inner blanks kept. */
  readonly value: string;
  /** The same split at unquoted white space, after expansion. */
  readonly words: readonly string[];
  /** Names that were used and have a value, in order of first use. */
  readonly matched: readonly string[];
  /** Names that were used and have none. */
  readonly unmatched: readonly string[];
}

/**
 * Expands `word` to one word: ENV, LABEL, ARG, COPY, WORKDIR and most others.
 *
 * @throws DockerfileError `EXPANSION_…`, with BuildKit's wording.
 */
export function processWord(word: string, environment: Environment, options: ExpandOptions = {}): string {
  return expandWord(word, environment, options).value;
}

/**
 * Expands `word` and splits the result at unquoted white space: EXPOSE.
 *
 * @throws DockerfileError `EXPANSION_…`, with BuildKit's wording.
 */
export function processWords(
  word: string,
  environment: Environment,
  options: ExpandOptions = {},
): readonly string[] {
  return expandWord(word, environment, options).words;
}

/**
 * Expands `word` and tells which variables it used.
 *
 * @throws DockerfileError `EXPANSION_…`, with BuildKit's wording.
 */
export function expandWord(word: string, environment: Environment, options: ExpandOptions = {}): Expansion {
  const collector = createWordCollector();
  const state: ScannerState = {
    text: word,
    at: 0,
    escape: options.escape ?? '\\',
    keepUnset: options.keepUnset ?? false,
    ignoreQuotes: options.ignoreQuotes ?? false,
    keepQuotes: options.keepQuotes ?? false,
    keepEscapes: options.keepEscapes ?? false,
    depth: 0,
    lookUp: createLookUp(environment),
    matched: new Set(),
    unmatched: new Set(),
    scanUntil,
  };
  try {
    const value = scanUntil(state, '', state.keepEscapes, collector);
    return { value, words: collector.words(), matched: [...state.matched], unmatched: [...state.unmatched] };
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw new DockerfileError(`failed to process ${quote(word)}: ${error.message}`, { code: error.code });
  }
}

function createLookUp(environment: Environment): (name: string) => string | undefined {
  if (isMap(environment)) return (name) => environment.get(name);
  return (name) => (Object.hasOwn(environment, name) ? environment[name] : undefined);
}

function isMap(environment: Environment): environment is Pick<ReadonlyMap<string, string>, 'get'> {
  return typeof environment.get === 'function';
}
