// SPDX-License-Identifier: MIT
import type { Command, Flag, ParsedArguments } from './command.ts';
import { spellOut, VALUE_MARK } from './spell-out.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads the arguments of a command, its own flags and the global ones, in any order.
 *
 * @throws UsageError for unknown flags, missing values and a wrong number of arguments
 */
export async function parseArguments(
  argv: readonly string[],
  flags: readonly Flag[],
  command?: Command,
): Promise<ParsedArguments> {
  const { flags: words, positionals } = spellOut(argv, flags);
  if (command !== undefined) checkCount(command, positionals);
  const raw = words.length === 0 ? {} : await collect(words, flags);
  const values = (name: string): readonly string[] =>
    [raw[name] ?? []].flat().map((value) => String(value).slice(VALUE_MARK.length));
  return {
    positionals,
    is: (flag) => [raw[flag]].flat().at(-1) === true,
    text: (flag) => values(flag).at(-1),
    list: values,
  };
}

/** Gathers values by flag name; a command line without flags does not pay for loading what does this. */
async function collect(
  words: readonly string[],
  flags: readonly Flag[],
): Promise<Readonly<Record<string, unknown>>> {
  // The parser alone: flags were spelt out before, and help and errors are this program's own.
  const { Parser } = await import('yargs/helpers');
  const named = (wanted: boolean): readonly string[] =>
    flags.filter(({ type }) => (type === 'boolean') === wanted).map(({ name }) => name);
  return Parser([...words], {
    boolean: [...named(true)],
    string: [...named(false)],
    array: flags.filter(({ type }) => type === 'list').map(({ name }) => name),
    configuration: {
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'boolean-negation': false,
      'greedy-arrays': false,
    },
  });
}

function checkCount({ name, positionals: { min, max } }: Command, given: readonly string[]): void {
  if (given.length >= min && given.length <= max) return;
  const wanted =
    min === max
      ? `exactly ${count(min)}`
      : max === Number.POSITIVE_INFINITY
        ? `at least ${count(min)}`
        : `${min} to ${count(max)}`;
  const how = max === 0 ? 'accepts no arguments' : `requires ${wanted}`;
  throw new UsageError(`"img ${name}" ${how}`, `see 'img ${name} --help'`);
}

function count(number: number): string {
  return `${number} argument${number === 1 ? '' : 's'}`;
}
