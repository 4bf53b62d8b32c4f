// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanPath } from '../src/index.ts';

test.each([
  ['', '.'],
  ['/', '/'],
  ['//', '/'],
  ['a//b/./c/', 'a/b/c'],
  ['a/../..', '..'],
  ['../../a', '../../a'],
  ['/../a', '/a'],
  ['./', '.'],
  ['a/b/../../..', '..'],
])('%j becomes %j', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test('agrees with the platform but for a slash at the end', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab./]{0,12}$/), (path) => {
      const expected = posix.normalize(path);
      expect(cleanPath(path)).toBe(expected.length > 1 ? expected.replace(/\/$/, '') : expected);
    }),
  );
});
