// SPDX-License-Identifier: MIT
import type { Flag, Word } from './ast.ts';
import type { InstructionSource } from './instruction-source.ts';
import { suggest, withSuggestion } from './suggestion.ts';

/** What values a flag takes: `boolean`, one `string`, or a `list` when it may be repeated. */
export type FlagKind = 'boolean' | 'string' | 'list';

/** The flags an instruction was given. */
export interface FlagValues<Name extends string> {
  /** `null` without the flag. */
  boolean(name: Name): boolean | null;
  /** `null` without the flag. */
  string(name: Name): Word | null;
  list(name: Name): readonly Word[];
  /** Where in the instruction's flags the flag stands, once for each time it was given. */
  indexes(name: Name): readonly number[];
}

/** Checks the flags of an instruction against those it knows; `null` after it has reported an error. */
export function readFlags<Name extends string>(
  source: InstructionSource,
  known: Readonly<Record<Name, FlagKind>>,
): FlagValues<Name> | null {
  const { flags } = source.base;
  if (flags.length === 0) return NO_FLAGS;
  const kinds = new Map<string, FlagKind>(Object.entries<FlagKind>(known));
  const given = new Map<string, number[]>();
  for (const [index, flag] of flags.entries()) {
    const problem = problemOf(flag, kinds, given);
    if (problem !== null) {
      source.report({ ...problem, range: flag.range });
      return null;
    }
    const same = given.get(flag.name);
    if (same === undefined) given.set(flag.name, [index]);
    else same.push(index);
  }
  const indexes = (name: Name): readonly number[] => given.get(name) ?? NOT_GIVEN;
  const words = (name: Name): Word[] => indexes(name).map((index) => wordOf(flags[index] as Flag));
  return {
    boolean(name) {
      const [index] = indexes(name);
      return index === undefined ? null : flags[index]?.value?.toLowerCase() !== 'false';
    },
    string: (name) => words(name)[0] ?? null,
    list: words,
    indexes,
  };
}

const NOT_GIVEN: readonly never[] = Object.freeze([]);

/** Nearly every instruction has no flags. */
const NO_FLAGS: FlagValues<string> = {
  boolean: () => null,
  string: () => null,
  list: () => NOT_GIVEN,
  indexes: () => NOT_GIVEN,
};

/** The value of a flag as a word. */
export function wordOf({ value, range, valueRange }: Flag): Word {
  return { value: value ?? '', range: valueRange ?? range };
}

type FlagProblem = Pick<Parameters<InstructionSource['report']>[0], 'code' | 'message' | 'suggestion'>;

function problemOf(
  flag: Flag,
  kinds: ReadonlyMap<string, FlagKind>,
  given: ReadonlyMap<string, unknown>,
): FlagProblem | null {
  const { name, value } = flag;
  const kind = kinds.get(name);
  if (kind === undefined) {
    const suggestion = suggest(name, kinds.keys());
    return {
      code: 'FLAG_UNKNOWN',
      message: withSuggestion(`unknown flag: --${name}`, suggestion),
      suggestion,
    };
  }
  if (kind !== 'list' && given.has(name))
    return { code: 'FLAG_REPEATED', message: `duplicate flag specified: ${name}` };
  if (kind !== 'boolean')
    return value === null
      ? { code: 'FLAG_VALUE_MISSING', message: `missing a value on flag: ${name}` }
      : null;
  if (value === '') return { code: 'FLAG_VALUE_MISSING', message: `missing a value on flag: ${name}` };
  if (value === null || /^(?:true|false)$/i.test(value)) return null;
  return { code: 'FLAG_NOT_BOOLEAN', message: `expecting boolean value for flag ${name}, not: ${value}` };
}
