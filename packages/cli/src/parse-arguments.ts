// SPDX-License-Identifier: MIT
import yargs from 'yargs';
import type { Command, Flag, ParsedArguments } from './command.ts';
import { nearest } from './nearest.ts';
import { UsageError } from './usage-error.ts';

/** The command line as its parser gives it: values by flag name, arguments without a flag under `_`. */
type Raw = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

/**
 * Reads the arguments of a command, its own flags and the global ones, in any order.
 *
 * @throws UsageError for unknown flags and a wrong number of arguments
 */
export async function parseArguments(
  argv: readonly string[],
  flags: readonly Flag[],
  command?: Command,
): Promise<ParsedArguments> {
  const parser = yargs(withDashValues(argv, flags))
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'greedy-arrays': false,
      'populate--': false,
    });
  for (const { name, short, type } of flags) {
    const common = short === undefined ? {} : { alias: short };
    if (type === 'boolean') parser.option(name, { ...common, type: 'boolean' });
    else parser.option(name, { ...common, type: 'string', nargs: 1, array: type === 'list' });
  }
  const raw = (await parser.parseAsync()) as Raw;
  refuseUnknown(raw, flags);
  const positionals = raw._.map(String);
  if (command !== undefined) checkCount(command, positionals);
  const values = (name: string): readonly string[] => [raw[name] ?? []].flat().map(String);
  return {
    positionals,
    is: (flag) => [raw[flag]].flat().at(-1) === true,
    text: (flag) => values(flag).at(-1),
    list: values,
  };
}

/** The parser takes `-` for the start of a flag: where it is a value (`-o -`), it is written as one (`-o=-`). */
function withDashValues(argv: readonly string[], flags: readonly Flag[]): string[] {
  const takesValue = new Set(
    flags.flatMap(({ name, short, type }) => (type === 'boolean' ? [] : [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])),
  );
  return argv.reduce((words: string[], word) => {
    const flag = words.at(-1);
    if (word === '-' && flag !== undefined && takesValue.has(flag)) words[words.length - 1] = `${flag}=-`;
    else words.push(word);
    return words;
  }, []);
}

function refuseUnknown(raw: Raw, flags: readonly Flag[]): void {
  const known = new Set([
    '_',
    '$0',
    ...flags.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short])),
  ]);
  const unknown = Object.keys(raw).find((name) => !known.has(name));
  if (unknown === undefined) return;
  const shown =
    unknown.length === 1
      ? `unknown shorthand flag: '${unknown}' in -${unknown}`
      : `unknown flag: --${unknown}`;
  const near = nearest(
    unknown,
    flags.map(({ name }) => name),
  );
  throw new UsageError(near === undefined ? shown : `${shown} (did you mean --${near}?)`);
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
