// SPDX-License-Identifier: MIT
import type { Flag } from './command.ts';
import { nearest } from './nearest.ts';
import { UsageError } from './usage-error.ts';

/** A command line without anything that could be read in two ways. */
export interface SpelledOut {
  /** Booleans as `--name=true` or `--name=false`; others as `--name==value`, see {@link VALUE_MARK}. */
  readonly flags: readonly string[];
  readonly positionals: readonly string[];
}

/** Stands before every value, because what collects the flags drops empty values and takes quotes off. */
export const VALUE_MARK = '=';

const TRUE = ['true', '1', 't', 'T', 'TRUE', 'True'];
const FALSE = ['false', '0', 'f', 'F', 'FALSE', 'False'];

/**
 * Reads words as the flag parser of docker does: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`,
 * several one-letter flags in one word, a lone `-` as an argument, and nothing but arguments after `--`. A value may
 * begin with a dash.
 *
 * @throws UsageError for unknown flags, missing values and booleans that are neither
 */
export function spellOut(argv: readonly string[], known: readonly Flag[]): SpelledOut {
  const flags: string[] = [];
  const positionals: string[] = [];
  const words = argv.values();
  const nextWord = (): string | undefined => words.next().value;
  for (let word = nextWord(); word !== undefined; word = nextWord()) {
    if (word === '--') positionals.push(...words);
    else if (word.startsWith('--')) flags.push(longFlag(word, known, nextWord));
    else if (word.startsWith('-') && word !== '-') flags.push(...shortFlags(word, known, nextWord));
    else positionals.push(word);
  }
  return { flags, positionals };
}

type NextWord = () => string | undefined;

function longFlag(word: string, known: readonly Flag[], nextWord: NextWord): string {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const flag = known.find((each) => each.name === name);
  if (flag === undefined) {
    const near = nearest(
      name,
      known.filter(({ hidden }) => hidden !== true).map((each) => each.name),
    );
    throw new UsageError(`unknown flag: --${name}${near === undefined ? '' : ` (did you mean --${near}?)`}`);
  }
  const given = equals < 0 ? undefined : word.slice(equals + 1);
  if (flag.type === 'boolean') return spelled(flag, booleanOf(flag, given ?? 'true'));
  return spelled(flag, given ?? flag.implied ?? requireValue(flag, nextWord()));
}

function shortFlags(word: string, known: readonly Flag[], nextWord: NextWord): readonly string[] {
  const found: string[] = [];
  for (let at = 1; at < word.length; at++) {
    const flag = known.find(({ short }) => short === word[at]);
    if (flag === undefined) throw new UsageError(`unknown shorthand flag: '${word[at]}' in ${word}`);
    const rest = word.slice(at + 1);
    if (rest.startsWith('=')) {
      const value = rest.slice(1);
      return [...found, spelled(flag, flag.type === 'boolean' ? booleanOf(flag, value) : value)];
    }
    if (flag.type !== 'boolean')
      return [...found, spelled(flag, rest === '' ? requireValue(flag, nextWord()) : rest)];
    found.push(spelled(flag, 'true'));
  }
  return found;
}

function spelled({ name, type }: Flag, value: string): string {
  return `--${name}=${type === 'boolean' ? '' : VALUE_MARK}${value}`;
}

function booleanOf(flag: Flag, value: string): string {
  if (TRUE.includes(value)) return 'true';
  if (FALSE.includes(value)) return 'false';
  throw new UsageError(`invalid argument ${JSON.stringify(value)} for ${shown(flag)}: it is true or false`);
}

function requireValue(flag: Flag, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`flag needs an argument: ${shown(flag)}`);
  return value;
}

function shown({ name, short }: Flag): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}
