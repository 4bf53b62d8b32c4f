// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Command, Flag, ParsedArguments } from '../src/command.ts';
import { buildCommand } from '../src/commands/build.ts';
import { globalFlags } from '../src/global-flags.ts';
import { parseArguments } from '../src/parse-arguments.ts';

const FLAGS: readonly Flag[] = [...buildCommand.flags, ...globalFlags('/state')];
const parse = (...argv: string[]): Promise<ParsedArguments> => parseArguments(argv, FLAGS);

describe('values', () => {
  test.each([
    [['-t', 'x']],
    [['-t=x']],
    [['-tx']],
    [['--tag', 'x']],
    [['--tag=x']],
    [['-dtx']],
    [['-dt', 'x']],
  ])('%j gives the tag x', async (argv) => {
    expect((await parse(...argv)).list('tag')).toEqual(['x']);
  });

  test('may be repeated, and keep their order', async () => {
    expect((await parse('-t', 'b', '--tag=a', '-tc')).list('tag')).toEqual(['b', 'a', 'c']);
  });

  test('of a flag that has one value: the last counts', async () => {
    expect((await parse('--target', 'a', '--target', 'b')).text('target')).toBe('b');
  });

  test('of a list do not swallow the arguments behind them', async () => {
    const args = await parse('--build-arg', 'A=1', '.', '--build-arg', 'B=2');
    expect([args.list('build-arg'), args.positionals]).toEqual([['A=1', 'B=2'], ['.']]);
  });

  test.each([
    '-',
    '-x',
    '--',
    '',
    '007',
    '1e3',
    'true',
    '__proto__',
    'a=b=c',
    'a,b',
    'a\nb',
    '"quoted"',
    "'",
  ])('%j is a value like any other', async (value) => {
    expect((await parse('--label', value)).list('label')).toEqual([value]);
    expect((await parse(`--label=${value}`)).list('label')).toEqual([value]);
    expect((await parse('--file', value)).text('file')).toBe(value);
  });

  test('any text is kept as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.array(fc.string()), async (value, positionals) => {
        const args = await parse(`--label=${value}`, '--build-arg', value, '--', ...positionals);
        expect(args.list('label')).toEqual([value]);
        expect(args.list('build-arg')).toEqual([value]);
        expect(args.positionals).toEqual(positionals);
      }),
      { numRuns: 40 },
    );
  });

  test.each([[['-t']], [['--tag']], [['.', '-dt']]])('%j lacks one', async (argv) => {
    await expect(parse(...argv)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'flag needs an argument: -t, --tag',
    });
  });
});

describe('booleans', () => {
  test.each([
    [['--no-cache'], true],
    [['--no-cache=true'], true],
    [['--no-cache=1'], true],
    [['--no-cache=false'], false],
    [['--no-cache', '--no-cache=false'], false],
    [[], false],
  ])('%j is %j', async (argv, expected) => {
    expect((await parse(...argv)).is('no-cache')).toBe(expected);
  });

  test('do not swallow the word behind them', async () => {
    expect((await parse('--no-cache', 'false')).positionals).toEqual(['false']);
  });

  test('are not made by "no-"', async () => {
    await expect(parse('--no-debug')).rejects.toHaveProperty('code', 'USAGE');
  });

  test('that are neither are refused', async () => {
    await expect(parse('--no-cache=maybe')).rejects.toThrow('invalid argument "maybe" for --no-cache');
  });
});

describe('places', () => {
  test('flags stand before or after arguments', async () => {
    for (const argv of [
      ['.', '-t', 'x', '-d'],
      ['-t', 'x', '-d', '.'],
      ['-d', '.', '-tx'],
    ]) {
      const args = await parse(...argv);
      expect([args.positionals, args.list('tag'), args.is('debug')]).toEqual([['.'], ['x'], true]);
    }
  });

  test('after -- everything is an argument', async () => {
    const args = await parse('-d', '--', '-t', '--', '--zzz');
    expect([args.positionals, args.list('tag')]).toEqual([['-t', '--', '--zzz'], []]);
  });

  test('a lone dash is an argument', async () => {
    expect((await parse('-t', 'x', '-')).positionals).toEqual(['-']);
  });
});

describe('mistakes', () => {
  test.each([
    [['--tgt', 'x'], 'unknown flag: --tgt (did you mean --tag?)'],
    [['--no-cach'], 'unknown flag: --no-cach (did you mean --no-cache?)'],
    [['--zzzzzzzz=1'], 'unknown flag: --zzzzzzzz'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-dz'], "unknown shorthand flag: 'z' in -dz"],
    [['--__proto__=1'], 'unknown flag: --__proto__'],
  ])('%j', async (argv, message) => {
    await expect(parse(...argv)).rejects.toMatchObject({ code: 'USAGE', message });
  });

  test.each([
    [{ min: 1, max: 1 }, [], '"img x" requires exactly 1 argument'],
    [{ min: 2, max: 2 }, ['a'], '"img x" requires exactly 2 arguments'],
    [{ min: 1, max: Number.POSITIVE_INFINITY }, [], '"img x" requires at least 1 argument'],
    [{ min: 0, max: 1 }, ['a', 'b'], '"img x" requires 0 to 1 argument'],
    [{ min: 0, max: 0 }, ['a'], '"img x" accepts no arguments'],
  ])('a command that takes %j refuses %j', async (positionals, argv, message) => {
    const command: Command = {
      name: 'x',
      summary: '',
      usage: '',
      flags: [],
      positionals,
      run: async () => {},
    };
    await expect(parseArguments(argv, [], command)).rejects.toMatchObject({ code: 'USAGE', message });
  });
});
