// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goDuration, goList, goQuote, goQuoteList } from '../../src/text/go-format.ts';
import { absoluteDestination, absolutePath, cleanPath } from '../../src/text/go-path.ts';

describe('texts as Go prints them', () => {
  test.each([
    [0, '0s'],
    [999, '999ns'],
    [1500, '1.5µs'],
    [1_500_000, '1.5ms'],
    [30e9, '30s'],
    [61.5e9, '1m1.5s'],
    [3600e9, '1h0m0s'],
  ])('duration %d is %s', (nanoseconds, text) => {
    expect(goDuration(nanoseconds)).toBe(text);
  });

  test('quoted', () => {
    expect(goQuote('a"b\\\n\x00\x7fé\u00a0')).toBe('"a\\"b\\\\\\n\\x00\\x7fé\\u00a0"');
    expect(goQuoteList(['a', 'b c'])).toBe('["a" "b c"]');
    expect(goList(['a', 'b c'])).toBe('[a b c]');
  });
});

describe('paths', () => {
  test.each([
    ['', '.'],
    ['/', '/'],
    ['a//b/../c/', 'a/c'],
    ['/../a', '/a'],
  ])('%j is %j when clean', (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });

  test('nothing leaves the root', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', '.', 'a', '', 'b..')),
        fc.array(fc.constantFrom('..', 'x')),
        (parts, parent) => {
          const from = `/${parent.join('/')}`;
          for (const path of [
            absolutePath(from, parts.join('/')),
            absoluteDestination(from, parts.join('/')),
          ]) {
            expect(path.startsWith('/')).toBe(true);
            expect(path.split('/')).not.toContain('..');
          }
        },
      ),
    );
  });

  test.each([
    ['.', '/w/'],
    ['', '/w/'],
    ['x', '/w/x'],
    ['x/', '/w/x/'],
    ['/x/.', '/x/.'],
    ['/.', '/.'],
    ['../..', '/'],
  ])('destination %j', (written, expected) => {
    expect(absoluteDestination('/w', written)).toBe(expected);
  });
});
