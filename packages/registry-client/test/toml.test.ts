// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseToml } from '../src/toml/parse-toml.ts';
import type { TomlTable, TomlValue } from '../src/toml/toml-value.ts';
import { failureOf } from './support/setup.ts';

/** Tables as lists of pairs, so that their order counts. */
function plain(value: TomlValue): unknown {
  if (value instanceof Map) return [...(value as TomlTable)].map(([key, inner]) => [key, plain(inner)]);
  return Array.isArray(value) ? { list: value.map((inner: TomlValue) => plain(inner)) } : value;
}

const read = (text: string): unknown => plain(parseToml(text, 'x.toml'));

describe('a TOML document', () => {
  test.each<[string, string, unknown]>([
    ['nothing', '', []],
    ['comments and empty lines', '\ufeff# one\r\n\r\n  # two', []],
    [
      'kinds of keys',
      'a-1_B = 1\n"b c" = 2\n\'d"e\' = 3\n"" = 4\n12 = 5',
      [
        ['a-1_B', 1],
        ['b c', 2],
        ['d"e', 3],
        ['', 4],
        ['12', 5],
      ],
    ],
    [
      'the order of numeric keys',
      '[b]\n[a.9]\n[a.1]',
      [
        ['b', []],
        [
          'a',
          [
            ['9', []],
            ['1', []],
          ],
        ],
      ],
    ],
    ['escapes', 'a = "x\\t\\"\\\\\\u00e9\\U0001F600\\n"', [['a', 'x\t"\\é😀\n']]],
    ['literals', "a = 'C:\\new'", [['a', 'C:\\new']]],
    [
      'strings of several lines',
      "a = \"\"\"\none\\\n   two\"\n\"\"\"\nb = '''\nx''y\\'''",
      [
        ['a', 'onetwo"\n'],
        ['b', "x''y\\"],
      ],
    ],
    [
      'quotes before the closing quotes',
      `a = """x"""""\nb = '''y'''''`,
      [
        ['a', 'x""'],
        ['b', "y''"],
      ],
    ],
    [
      'booleans',
      'a = true\nb = false # no',
      [
        ['a', true],
        ['b', false],
      ],
    ],
    [
      'integers',
      'a = +1_000\nb = -17\nc = 0xDEAD_beef\nd = 0o755\ne = 0b11',
      [
        ['a', 1000],
        ['b', -17],
        ['c', 0xdeadbeef],
        ['d', 493],
        ['e', 3],
      ],
    ],
    [
      'floats',
      'a = 1.5\nb = -2e3\nc = 6.25E-2\nd = -inf',
      [
        ['a', 1.5],
        ['b', -2000],
        ['c', 0.0625],
        ['d', Number.NEGATIVE_INFINITY],
      ],
    ],
    ['arrays', 'a = [ 1, # one\n "x",\n [true], ]', [['a', { list: [1, 'x', { list: [true] }] }]]],
    [
      'inline tables',
      'a = { b.c = 1, d = [ {} ] }',
      [
        [
          'a',
          [
            ['b', [['c', 1]]],
            ['d', { list: [[]] }],
          ],
        ],
      ],
    ],
    [
      'dotted keys',
      'a . b = 1\na."c.d" = 2',
      [
        [
          'a',
          [
            ['b', 1],
            ['c.d', 2],
          ],
        ],
      ],
    ],
    [
      'tables in the order of the file',
      '[z."m:1"]\nk = 1\n[a]\n[z."b"]',
      [
        [
          'z',
          [
            ['m:1', [['k', 1]]],
            ['b', []],
          ],
        ],
        ['a', []],
      ],
    ],
    [
      'a table after the tables in it',
      '[a.b]\nx = 1\n[a]\ny = 2',
      [
        [
          'a',
          [
            ['b', [['x', 1]]],
            ['y', 2],
          ],
        ],
      ],
    ],
    [
      'arrays of tables',
      '[[a]]\nx = 1\n[a.b]\ny = 2\n[[a]]\n[[a.c]]',
      [
        [
          'a',
          {
            list: [
              [
                ['x', 1],
                ['b', [['y', 2]]],
              ],
              [['c', { list: [[]] }]],
            ],
          },
        ],
      ],
    ],
    ['a member every object has', '__proto__ = 1', [['__proto__', 1]]],
  ])('has %s', (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each<[string, string, RegExp]>([
    ['a key twice', 'a = 1\na = 2', /line 2: a key is defined twice/],
    ['a table twice', '[a]\n[b]\n[a]', /line 3: a table is defined twice/],
    ['a table over a value', 'a = 1\n[a]', /defined twice/],
    ['a table below a value', 'a = 1\n[a.b]', /defined twice/],
    ['a dotted key into a table with a header', '[a.b]\n[a]\nb.c = 1', /defined twice/],
    ['a header over a dotted key', 'a.b = 1\n[a]', /defined twice/],
    ['more for an inline table', 'a = {}\na.b = 1', /defined twice/],
    ['more for a table inside an inline table', 'a = { b.c = 1 }\n[a.b]', /defined twice/],
    ['more for a written array', 'a = []\n[[a]]', /defined twice/],
    ['no value', 'a =', /value is missing/],
    ['no equals sign', 'a', /no value/],
    ['two statements in a line', 'a = 1 b = 2', /line should end/],
    ['a header that does not end', '[a', /does not end/],
    ['a header of several tables that does not end', '[[a]', /does not end/],
    ['an array that does not end', 'a = [1', /does not end/],
    ['an inline table over two lines', 'a = { b = 1,\n c = 2 }', /key is missing/],
    ['a string that does not end', 'a = "x', /does not end/],
    ['a string over two lines', 'a = "x\n"', /in its line/],
    ['an unknown escape', 'a = "\\q"', /escape/],
    ['half a character', 'a = "\\ud800"', /escape/],
    ['a control character', 'a = "\u0001"', /control character/],
    ['a control character in a comment', '# \u0001', /control character/],
    ['a date', 'a = 2026-01-01T00:00:00Z', /dates and times are not read/],
    ['a time', 'a = 07:32:00', /dates and times are not read/],
    ['a leading zero', 'a = 01', /not understood/],
    ['a huge number', 'a = 99999999999999999999', /too large/],
    ['a bare word', 'a = yes', /not understood/],
    ['a key of several lines', '"""a""" = 1', /one line/],
    ['endless depth', `a = ${'['.repeat(100_000)}`, /levels deep/],
  ])('with %s is refused', async (_name, text, why) => {
    const error = await failureOf((async () => parseToml(text, 'x.toml'))());

    expect(error.code).toBe('REGISTRY_SETTINGS_INVALID');
    expect(error.message).toMatch(why);
    expect(error.message).toContain('cannot read x.toml, line ');
  });

  test('never quotes what it cannot read', async () => {
    const error = await failureOf((async () => parseToml('token = "secret\\q"', 'x.toml'))());

    expect(error.message).not.toContain('secret');
  });

  test('gives back every string, key and nesting', () => {
    const value: fc.Arbitrary<TomlValue> = fc.letrec<{ value: TomlValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.integer(),
        fc.boolean(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc
          .uniqueArray(fc.tuple(fc.string(), tie('value')), { maxLength: 3, selector: ([key]) => key })
          .map((pairs) => new Map(pairs)),
      ),
    })).value;
    const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
    const write = (one: TomlValue): string => {
      if (typeof one === 'string') return quoted(one);
      if (one instanceof Map)
        return `{${[...(one as TomlTable)].map(([key, inner]) => `${quoted(key)} = ${write(inner)}`).join(', ')}}`;
      if (Array.isArray(one)) return `[${one.map((inner: TomlValue) => write(inner)).join(',\n')}]`;
      return typeof one === 'number' && Number.isInteger(one) && !Number.isSafeInteger(one)
        ? one.toExponential()
        : String(one);
    };
    const pairsOf = fc.array(fc.tuple(fc.string(), value), { maxLength: 5 });
    fc.assert(
      fc.property(pairsOf, (pairs) => {
        const table: TomlTable = new Map(pairs.map(([key, inner]) => [key, inner]));
        const text = [...table].map(([key, inner]) => `${quoted(key)} = ${write(inner)}\n`).join('');
        expect(plain(parseToml(text, 'x'))).toEqual(plain(table));
      }),
    );
  });

  test('ends on any text, with a table or an error of ours', () => {
    const fragment = fc.constantFrom(
      'a',
      '=',
      '[',
      ']',
      '[[',
      ']]',
      '{',
      '}',
      '"',
      "'",
      '"""',
      '\\',
      '\n',
      '.',
      ',',
      '#',
      '1',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (parts) => {
        try {
          parseToml(parts.join(''), 'x');
        } catch (error) {
          expect(error).toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
        }
      }),
    );
  });
});
