// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPatternMatcher } from '../src/index.ts';

describe('one pattern', () => {
  test.each([
    ['**', 'file'],
    ['**/', 'a/b'],
    ['**/**', 'a/b'],
    ['docs', 'docs'],
    ['docs', 'docs/deep/page'],
    ['docs/', 'docs/page'],
    ['./docs', 'docs/page'],
    ['docs/../src', 'src'],
    ['docs/**', 'docs/page'],
    ['docs/**', 'docs/deep/page'],
    ['**/node_modules', 'node_modules'],
    ['**/node_modules', 'a/b/node_modules'],
    ['**/node_modules', 'a/node_modules/x/y'],
    ['**/cache/*', 'a/cache/x'],
    ['**/cache/**', 'a/cache/x/y'],
    ['**file', 'my-file'],
    ['**file', 'a/b/file'],
    ['**/file*', 'a/file.txt'],
    ['**/**/*.txt', 'file.txt'],
    ['a**/*.txt', 'a/b/c/file.txt'],
    ['*.txt**', 'a.txt.bak'],
    ['a[b-d]e', 'ace'],
    ['a[^b-d]e', 'aze'],
    ['.*', '.git/config'],
    ['a.|)$(}+{bc', 'a.|)$(}+{bc'],
    ['a\\*b', 'a*b'],
    ['?', '\u{1f600}'],
    ['  docs  ', 'docs'],
  ])('%j matches %j', (pattern, path) => {
    expect(createPatternMatcher([pattern]).matches(path)).toBe(true);
  });

  test.each([
    ['docs/**', 'docs'],
    ['docs', 'docs2'],
    ['docs', 'a/docs'],
    ['/docs', 'docs'],
    ['*.txt', 'a/file.txt'],
    ['a/*.txt', 'a/b/file.txt'],
    ['**file*', 'my-file.txt'],
    ['**/.foo', 'bar.foo'],
    ['**/**/*.txt2', 'a/file.txt'],
    ['a?c', 'a/c'],
    ['a.c', 'abc'],
    ['a\\*b', 'axb'],
    ['**', '.'],
    ['**', ''],
    ['', 'file'],
  ])('%j does not match %j', (pattern, path) => {
    expect(createPatternMatcher([pattern]).matches(path)).toBe(false);
  });

  test.each(['[', 'a[', '[^', '[]a]', '[-]', '[x-]', '[a-b-c]', '\\', 'ok/['])('%j is refused', (pattern) => {
    expect(() => createPatternMatcher([pattern])).toThrow(
      expect.objectContaining({ code: 'PATTERN_INVALID' }),
    );
  });
});

describe('several patterns', () => {
  test.each<[readonly string[], string, boolean]>([
    [['docs', '!docs/README.md'], 'docs/README.md', false],
    [['docs', '!docs/README.md'], 'docs/other', true],
    [['!file.go', '*.go'], 'file.go', true],
    [['*.go', '!file.go'], 'file.go', false],
    [['**', '!util/web'], 'util/web/x', false],
    [['**', '!util/web', 'util/web/x'], 'util/web/x', true],
    [['**', '!a', 'a/b', '!a/b/c'], 'a/b/c/d', false],
    [['**', '!dist/*.whl'], 'dist/x-1.0+g1-any.whl', false],
    [['a', '!a/b'], 'a', true],
  ])('%j on %j is %j', (patterns, path, matched) => {
    expect(createPatternMatcher(patterns).matches(path)).toBe(matched);
  });

  test('a lone exclamation mark is refused', () => {
    expect(() => createPatternMatcher(['a', ' ! '])).toThrow(
      expect.objectContaining({ code: 'PATTERN_INVALID', message: 'illegal exclusion pattern: "!"' }),
    );
  });
});

test('explain names the rule that decided', () => {
  const matcher = createPatternMatcher(['', 'docs/', '!docs/*.md', 'docs/secret.md']);

  expect(matcher.explain('src')).toEqual({ matched: false, rule: null });
  expect(matcher.explain('docs/a/b')).toEqual({
    matched: true,
    rule: { index: 1, pattern: 'docs', exception: false },
  });
  expect(matcher.explain('docs/a.md')).toEqual({
    matched: false,
    rule: { index: 2, pattern: '!docs/*.md', exception: true },
  });
  expect(matcher.explain('docs/secret.md')).toEqual({
    matched: true,
    rule: { index: 3, pattern: 'docs/secret.md', exception: false },
  });
});

describe('canSkip', () => {
  test.each<[readonly string[], string, boolean]>([
    [['node_modules'], 'node_modules', true],
    [['node_modules'], 'src', false],
    [['*', '!src'], 'docs', true],
    [['*', '!src'], 'src', false],
    [['*', '!src/lib/x'], 'src', false],
    [['*', '!src/lib/x'], 'src/test', true],
    [['*', '!**/keep'], 'docs', false],
    [['*', '!*.md'], 'docs', true],
    [['*', '!docs/*.md'], 'docs', false],
    [['*', '!docs/*.md'], 'docs/deep', true],
    [['!a/b', 'a'], 'a', true],
    [['a', '!a/b', 'a/b'], 'a/b', true],
  ])('%j on %j is %j', (patterns, folder, skipped) => {
    expect(createPatternMatcher(patterns).canSkip(folder)).toBe(skipped);
  });
});

const name = fc.stringMatching(/^[abc.]{1,3}$/).filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const patternPart = fc.constantFrom('a', 'b', 'c', '*', '**', '?', 'a*', '*b', '[ab]', 'a**', '**c', '\\*');
const pattern = fc
  .tuple(fc.boolean(), fc.array(patternPart, { minLength: 1, maxLength: 4 }))
  .map(([exception, parts]) => `${exception ? '!' : ''}${parts.join('/')}`);

test('a path without a match of its own is decided like the folders it is in', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, file) => {
      const plain = patterns.filter((rule) => !rule.startsWith('!'));
      const matcher = createPatternMatcher(plain);
      const parts = file.split('/');
      for (let length = 1; length < parts.length; length++) {
        if (matcher.matches(parts.slice(0, length).join('/'))) expect(matcher.matches(file)).toBe(true);
      }
    }),
  );
});

test('what is below a folder that can be skipped is always matched', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), path, path, (patterns, folder, below) => {
      const matcher = createPatternMatcher(patterns);
      fc.pre(matcher.canSkip(folder));
      expect(matcher.matches(folder)).toBe(true);
      expect(matcher.matches(`${folder}/${below}`)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a pattern of many wildcards on a long name ends', () => {
  const matcher = createPatternMatcher([`${'*a'.repeat(20)}*b`, `${'**/a'.repeat(20)}/b`]);

  expect(matcher.matches('a'.repeat(4000))).toBe(false);
  expect(matcher.matches(`${'a/'.repeat(1000)}c`)).toBe(false);
  expect(matcher.matches(`${'a'.repeat(4000)}b`)).toBe(true);
});
