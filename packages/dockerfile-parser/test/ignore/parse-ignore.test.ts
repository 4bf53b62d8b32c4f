// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type IgnoreExplanation, parseIgnore } from '../../src/index.ts';

const TEXT = `\ufeff# build output
/dist/
  node_modules   
**/*.log

!important.log
 # not a comment
docs
!docs/README.md
docs/../secret
`;

describe('which rule decided', () => {
  test.each<[path: string, line: number | null, pattern: string | null, matched: string | null]>([
    ['dist', 2, 'dist', 'dist'],
    ['dist/app/main.js', 2, 'dist', 'dist'],
    ['sub/dist', null, null, null],
    ['node_modules/a/b', 3, 'node_modules', 'node_modules'],
    ['a/b.log', 4, '**/*.log', 'a/b.log'],
    ['x.log/inside', 4, '**/*.log', 'x.log'],
    ['# not a comment', 7, '# not a comment', '# not a comment'],
    ['docs/page.md', 8, 'docs', 'docs'],
    ['secret', 10, 'secret', 'secret'],
    ['src', null, null, null],
    ['', null, null, null],
    ['.', null, null, null],
  ])('%j is ignored because of line %j', (path, line, pattern, matched) => {
    const rule = line === null ? null : { line, pattern, exception: false };

    expect(parseIgnore(TEXT).explain(path)).toEqual({ ignored: line !== null, rule, matched });
    expect(parseIgnore(TEXT).ignores(path)).toBe(line !== null);
  });

  test.each<[string, number, string]>([
    ['important.log', 6, 'important.log'],
    ['docs/README.md', 9, 'docs/README.md'],
    ['docs/README.md/x', 9, 'docs/README.md'],
  ])('%j is taken back by line %j', (path, line, matched) => {
    const expected: Partial<IgnoreExplanation> = { ignored: false, matched };

    expect(parseIgnore(TEXT).explain(path)).toMatchObject({ ...expected, rule: { line, exception: true } });
  });

  test.each(['dist', './dist', '/dist', 'dist/', 'a/../dist', '../dist'])('%j is the same path', (path) => {
    expect(parseIgnore(TEXT).ignores(path)).toBe(true);
  });
});

test('rules are cleaned, with the lines they stand on', () => {
  expect(parseIgnore(TEXT).rules).toEqual([
    { line: 2, pattern: 'dist' },
    { line: 3, pattern: 'node_modules' },
    { line: 4, pattern: '**/*.log' },
    { line: 6, pattern: '!important.log' },
    { line: 7, pattern: '# not a comment' },
    { line: 8, pattern: 'docs' },
    { line: 9, pattern: '!docs/README.md' },
    { line: 10, pattern: 'secret' },
  ]);
});

test('lines that are no rules are reported and decide nothing', () => {
  const file = parseIgnore('a\r\n!\r\n[x\r\n! \\\r\nb\r\n');

  expect(file.diagnostics).toEqual([
    { code: 'PATTERN_INVALID', line: 2, message: 'illegal exclusion pattern: "!" on line 2' },
    { code: 'PATTERN_INVALID', line: 3, message: 'syntax error in pattern "[x"' },
    { code: 'PATTERN_INVALID', line: 4, message: 'syntax error in pattern "\\\\"' },
  ]);
  expect(['a', 'b', 'x'].map(file.ignores)).toEqual([true, true, false]);
});

test('a walker may leave out a folder that nothing is taken back from', () => {
  const file = parseIgnore(TEXT);

  expect(file.canSkip('dist')).toBe(true);
  expect(file.canSkip('docs/')).toBe(false);
  expect(file.canSkip('src')).toBe(false);
});

test('a byte order mark is none but at the start', () => {
  expect(parseIgnore('\ufeffa\n\ufeffb').rules.map(({ pattern }) => pattern)).toEqual(['a', '\ufeffb']);
  expect(parseIgnore('').rules).toEqual([]);
});

test('whatever the text, what is ignored is what the explanation says', () => {
  const line = fc.oneof(
    fc.constantFrom('a', 'a/b', '*', '**', '**/a', '!a', '!**/b', '!', '#', '', 'a*/', '[ab]', '['),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', '..', '.'), { maxLength: 4 })
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), path, (lines, file) => {
      const ignore = parseIgnore(lines.join('\n'));
      const { ignored, rule, matched } = ignore.explain(file);
      expect(ignored).toBe(ignore.ignores(file));
      expect(ignored).toBe(rule !== null && !rule.exception);
      if (rule === null) return;
      expect(lines[rule.line - 1]).toBeDefined();
      // The rule alone is enough for what it is said to match.
      expect(parseIgnore(rule.pattern.replace(/^!/, '')).ignores(matched ?? '')).toBe(true);
    }),
    { numRuns: 500 },
  );
});
