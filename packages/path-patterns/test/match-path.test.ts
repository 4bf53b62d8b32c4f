// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPathMatcher, hasWildcards, literalPath, matchPath } from '../src/index.ts';

const TABLE: readonly (readonly [string, string, boolean])[] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['**', 'a/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['[!a]', '!', true],
  ['[z-a]', 'm', false],
  ['[^z-a]', 'm', true],
  ['[[]', '[', true],
  ['[\\]a]', ']', true],
  ['[x\\-]', '-', true],
  ['[\\-x]', 'x', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a\u263ab', true],
  ['a[^a]b', 'a\u263ab', true],
  ['a???b', 'a\u263ab', false],
  ['[a-\u03b6]*', '\u03b1', true],
  ['a?b', 'a/b', false],
  ['', '', true],
  ['*x', 'xxx', true],
  ['\u{1f600}?', '\u{1f600}\u{1f601}', true],
];

describe('matchPath', () => {
  test.each(TABLE)('%j on %j is %j', (pattern, name, matched) => {
    expect(matchPath(pattern, name)).toBe(matched);
    expect(createPathMatcher(pattern)(name)).toBe(matched);
  });

  test.each(['[]a]', '[-]', '[x-]', '[-x]', '\\', '[a-b-c]', '[', '[^', '[^bc', 'a[', 'a/[\\'])(
    'refuses %j',
    (pattern) => {
      expect(() => matchPath(pattern, 'a')).toThrow(expect.objectContaining({ code: 'PATTERN_INVALID' }));
    },
  );

  test('agrees with the compiled form on any pattern', () => {
    const text = fc.stringMatching(/^[ab/*?[\]^\\-]{0,8}$/);
    fc.assert(
      fc.property(text, fc.stringMatching(/^[ab/]{0,8}$/), (pattern, name) => {
        const results = [() => matchPath(pattern, name), () => createPathMatcher(pattern)(name)].map(outcome);
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: 2000 },
    );
  });

  test('a name with its special characters escaped matches itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const pattern = name.replace(/[*?[\\]/g, '\\$&');
        expect(matchPath(pattern, name)).toBe(true);
        expect(literalPath(pattern)).toBe(name);
      }),
    );
  });
});

function outcome(run: () => boolean): boolean | string {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('hasWildcards and literalPath tell patterns from names', () => {
  expect([hasWildcards('a/b'), hasWildcards('a*'), hasWildcards('a\\b')]).toEqual([false, true, true]);
  expect([literalPath('a/b'), literalPath('a*'), literalPath('a\\*')]).toEqual(['a/b', null, 'a*']);
});
