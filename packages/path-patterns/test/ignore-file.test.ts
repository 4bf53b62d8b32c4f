// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { createPatternMatcher, parseIgnoreFile, parseIgnoreRules } from '../src/index.ts';

test('reads comments, blanks, exceptions and slashes', () => {
  const text = '\ufeff# comment\r\n/rooted/\r\n  a/./b  \r\n\r\n !  /docs/../kept \n #not-a-comment\n/\n**/x';

  expect(parseIgnoreFile(text)).toEqual(['rooted', 'a/b', '!kept', '#not-a-comment', '/', '**/x']);
});

test('knows the line of each rule', () => {
  expect(parseIgnoreRules('a\n\n# c\n!b')).toEqual([
    { pattern: 'a', line: 1 },
    { pattern: '!b', line: 4 },
  ]);
});

test.each(['!', 'a\n  !  \n'])('refuses a lone exclamation mark in %j', (text) => {
  expect(() => parseIgnoreFile(text)).toThrow(expect.objectContaining({ code: 'PATTERN_INVALID' }));
});

test('a rooted rule matches a path of the context', () => {
  expect(createPatternMatcher(parseIgnoreFile('/docs')).matches('docs/a')).toBe(true);
});

test('an empty file ignores nothing', () => {
  expect(createPatternMatcher(parseIgnoreFile('')).matches('a')).toBe(false);
});

test('white space is what Go takes for it', () => {
  expect(parseIgnoreFile('\u0085a\u3000\n\u00a0!\u2028b')).toEqual(['a', '!b']);
  expect(parseIgnoreFile('a\n\ufeffb')).toEqual(['a', '\ufeffb']);
});
