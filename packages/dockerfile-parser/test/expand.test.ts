// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expandWord, processWord, processWords } from '../src/index.ts';

const VALUES = {
  v: 'value',
  empty: '',
  path: '/usr/local/lib/x.tar.gz',
  lines: 'a\nb',
  USER_1: 'u',
  '\u00e9t\u00e9': 'summer',
};

describe('processWord', () => {
  test.each([
    ['plain', 'plain'],
    ['$v', 'value'],
    ['${v}', 'value'],
    ['a$v.b', 'avalue.b'],
    ['$USER_1-x', 'u-x'],
    ['$\u00e9t\u00e9', 'summer'],
    ['$nothing', ''],
    ['x${nothing}y', 'xy'],
    ['$', '$'],
    ['$ a', '$ a'],
    ['a$', 'a$'],
    ['$$v', 'v'],
    ['$1x', 'x'],
    ['$12x', 'x'],
    ['$@$*$#$?$-$!$0', ''],
    ['${1}', ''],
    ['${@}', ''],
    ['\\$v', '$v'],
    ['\\\\$v', '\\value'],
    ['a\\bc', 'abc'],
    ['a\\', 'a'],
    ["'$v'", '$v'],
    ["'a\\'", 'a\\'],
    ['"$v"', 'value'],
    ['"\\$v"', '$v'],
    ['"a\\b"', 'a\\b'],
    ['"a\\"b"', 'a"b'],
    ['"\\\\"', '\\'],
    ['"it\'s $v"', "it's value"],
    ['a  b', 'a  b'],
    ['"a  b"c', 'a  bc'],
    ['\u{1f600}$v', '\u{1f600}value'],
    ['\\\u{1f600}', '\u{1f600}'],
    ['${v:-w}', 'value'],
    ['${empty:-w}', 'w'],
    ['${empty-w}', ''],
    ['${nothing-w}', 'w'],
    ['${nothing:-${v}}', 'value'],
    ['${nothing:-"a b"}', 'a b'],
    ["${nothing:-'}'}", '}'],
    ['${nothing:-a\\}b}', 'a}b'],
    ['${v:+w}', 'w'],
    ['${empty:+w}', ''],
    ['${empty+w}', 'w'],
    ['${nothing+w}', ''],
    ['${v:?w}', 'value'],
    ['${empty?w}', ''],
    ['${path#*/}', 'usr/local/lib/x.tar.gz'],
    ['${path##*/}', 'x.tar.gz'],
    ['${path%/*}', '/usr/local/lib'],
    ['${path%%.*}', '/usr/local/lib/x'],
    ['${path%.*}', '/usr/local/lib/x.tar'],
    ['${path#?usr}', '/local/lib/x.tar.gz'],
    ['${path#nope}', '/usr/local/lib/x.tar.gz'],
    ['${v#\\*}', 'value'],
    ['${v#[v]}', 'value'],
    ['${lines#*b}', 'a\nb'],
    ['${path/l/L}', '/usr/Local/lib/x.tar.gz'],
    ['${path//l/L}', '/usr/LocaL/Lib/x.tar.gz'],
    ['${path//\\//:}', ':usr:local:lib:x.tar.gz'],
    ['${path/l*b/-}', '/usr/-/x.tar.gz'],
    ['${v//?/x}', 'xxxxx'],
    ['${v//*/x}', 'x'],
    ['${v//nope/x}', 'value'],
    ['${v/a/$USER_1}', 'vulue'],
    ['${nothing/a/b}', ''],
  ])('%s is %j', (word, expanded) => {
    expect(processWord(word, VALUES)).toBe(expanded);
  });

  test.each([
    ['${', "missing '}'", 'EXPANSION_UNTERMINATED'],
    ['${v', "missing '}'", 'EXPANSION_UNTERMINATED'],
    ['${v:-a', "missing '}'", 'EXPANSION_UNTERMINATED'],
    ['${v/a', "missing '/' in ${}", 'EXPANSION_UNTERMINATED'],
    ['${v/a/b', "missing '}'", 'EXPANSION_UNTERMINATED'],
    ['${}', 'bad substitution', 'EXPANSION_BAD_SUBSTITUTION'],
    ['${{v}}', 'bad substitution', 'EXPANSION_BAD_SUBSTITUTION'],
    ['${:-v}', 'bad substitution', 'EXPANSION_BAD_SUBSTITUTION'],
    ['${v:#a}', 'unsupported modifier (:#) in substitution', 'EXPANSION_MODIFIER_UNSUPPORTED'],
    ['${v:%a}', 'unsupported modifier (:%) in substitution', 'EXPANSION_MODIFIER_UNSUPPORTED'],
    ['${v^^}', 'unsupported modifier (^) in substitution', 'EXPANSION_MODIFIER_UNSUPPORTED'],
    ['${v:1}', 'unsupported modifier (:1) in substitution', 'EXPANSION_MODIFIER_UNSUPPORTED'],
    ['${nothing:?why not}', 'nothing: why not', 'EXPANSION_VARIABLE_REQUIRED'],
    ['${nothing?}', 'nothing: is not allowed to be unset', 'EXPANSION_VARIABLE_REQUIRED'],
    ['${empty:?}', 'empty: is not allowed to be empty', 'EXPANSION_VARIABLE_REQUIRED'],
    ['${v#\\a}', "invalid pattern (\\a) in substitution: invalid escape '\\a'", 'EXPANSION_PATTERN_INVALID'],
    ["'a", 'matching single-quote', 'EXPANSION_UNTERMINATED'],
    ['"a', 'matching double-quote', 'EXPANSION_UNTERMINATED'],
  ])('%s is refused', (word, message, code) => {
    expect(() => processWord(word, VALUES)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
    expect(() => processWord(word, VALUES)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^failed to process "/) }),
    );
  });

  test('takes the other escape character', () => {
    expect(processWord('`$v C:\\x "`$v"', VALUES, { escape: '`' })).toBe('$v C:\\x $v');
  });

  test('reads names that objects have of themselves as unset', () => {
    expect(processWord('a$constructor${__proto__}', {})).toBe('a');
    expect(processWord('$v', new Map([['v', '1']]))).toBe('1');
    expect(processWord('$get', { get: '2' })).toBe('2');
  });
});

describe('options', () => {
  test.each([
    ['$nothing ${nothing} ${nothing:-a} $v', '$nothing ${nothing} ${nothing:-a} value'],
    ['${nothing/a/b}', '${nothing/a/b}'],
  ])('keepUnset leaves %s as written', (word, expanded) => {
    expect(processWord(word, VALUES, { keepUnset: true })).toBe(expanded);
  });

  test('ignoreQuotes is for heredoc bodies', () => {
    expect(processWord('it\'s "$v" \\$v\n', VALUES, { ignoreQuotes: true })).toBe('it\'s "value" $v\n');
  });

  test('keepQuotes and keepEscapes', () => {
    expect(processWord('"a" \'b\' \\c "\\""', VALUES, { keepQuotes: true, keepEscapes: true })).toBe(
      '"a" \'b\' \\c "\\""',
    );
  });
});

describe('processWords', () => {
  test.each<[string, readonly string[]]>([
    ['80 443/tcp', ['80', '443/tcp']],
    ['$ports', ['3000', '4000/udp']],
    ['"$ports"', ['3000 4000/udp']],
    ['a$ports.b', ['a3000', '4000/udp.b']],
    ["  'a b'  c\\ d ", ['a b', 'c d']],
    ['"" $nothing', []],
    ['a<< b', ['a<< b']],
    ['a < b', ['a', '<', 'b']],
  ])('%j gives %j', (word, words) => {
    expect(processWords(word, { ports: '3000 4000/udp' })).toEqual(words);
  });
});

test('expandWord tells which variables were used', () => {
  expect(expandWord('$v $a ${v:-$b} "$a"', VALUES)).toMatchObject({
    value: 'value  value ',
    matched: ['v'],
    unmatched: ['a', 'b'],
  });
});

test('a word without special characters is itself, and its words are its blank-separated parts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const word = text.replace(/[$'"\\]/g, '');
      expect(processWord(word, {})).toBe(word);
    }),
  );
});

test('a value comes out as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (v) => {
      expect(processWord('$v', { v })).toBe(v);
      expect(processWord('"${v}"', { v })).toBe(v);
      expect(processWord('${x-$v}', { v })).toBe(v);
    }),
  );
});

test('any word expands or is refused by its code', () => {
  const word = fc.array(
    fc.constantFrom('$', '{', '}', 'v', ':', '-', '/', '#', '%', '*', '?', '\\', '"', "'", ' ', 'a'),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(word, (parts) => {
      try {
        expect(typeof processWord(parts.join(''), VALUES)).toBe('string');
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^EXPANSION_/) });
      }
    }),
    { numRuns: 3000 },
  );
});

describe('hostile words', () => {
  test('nested too deep are refused', () => {
    const nested = (depth: number): string => '${a:-'.repeat(depth) + '}'.repeat(depth);

    expect(processWord(nested(400), {})).toBe('');
    expect(() => processWord(nested(100_000), {})).toThrow(
      expect.objectContaining({ code: 'EXPANSION_TOO_DEEP' }),
    );
  });

  test('long ones end', () => {
    const long = 'a'.repeat(200_000);

    expect(processWord(`\${v${'%*a'.repeat(3)}b}`, { v: long })).toBe(long);
    expect(processWord('${v//*a*a*a*a*b/x}', { v: long })).toBe(long);
    expect(processWord('$v'.repeat(100_000), { v: 'b' })).toBe('b'.repeat(100_000));
    expect(processWord(`$${long}`, {})).toBe('');
  });
});
