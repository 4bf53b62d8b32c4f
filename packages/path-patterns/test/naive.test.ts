// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPatternMatcher } from '../src/index.ts';

/** moby/patternmatcher in the plainest form: tries everything, one character after the other. */
function naiveMatch(pattern: string, path: string): boolean {
  const plain = /^\*\*([^/*?[\\][^*?[\\]*)$/.exec(pattern)?.[1];
  return plain === undefined ? matchFrom(pattern, path) : path.endsWith(plain);
}

function matchFrom(pattern: string, path: string): boolean {
  if (pattern === '') return path === '';
  if (pattern.startsWith('**')) {
    const rest = pattern.slice(pattern[2] === '/' ? 3 : 2);
    if (rest === '') return true;
    return suffixes(path).some((suffix) => matchFrom(rest, suffix));
  }
  const [first = '', ...others] = pattern;
  if (first === '*') {
    const slash = path.indexOf('/');
    const longest = slash < 0 ? path.length : slash;
    return Array.from({ length: longest + 1 }, (_, taken) => path.slice(taken)).some((suffix) =>
      matchFrom(others.join(''), suffix),
    );
  }
  if (path === '') return false;
  if (first === '?') return path[0] !== '/' && matchFrom(others.join(''), path.slice(1));
  if (first === '[') {
    const end = pattern.indexOf(']');
    return pattern.slice(1, end).includes(path[0] ?? '') && matchFrom(pattern.slice(end + 1), path.slice(1));
  }
  const literal = first === '\\' ? (others.shift() ?? '') : first;
  return literal === path[0] && matchFrom(others.join(''), path.slice(1));
}

/** A path, and what stands behind each of its slashes. */
function suffixes(path: string): readonly string[] {
  return [path, ...[...path.matchAll(/\//g)].map(({ index }) => path.slice(index + 1))];
}

function naiveDecision(patterns: readonly string[], path: string): boolean {
  const folders = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
  let matched = false;
  for (const pattern of patterns) {
    const exception = pattern.startsWith('!');
    const bare = exception ? pattern.slice(1) : pattern;
    if ([...folders, path].some((one) => naiveMatch(bare, one))) matched = !exception;
  }
  return matched;
}

const name = fc.stringMatching(/^[ab.*]{1,3}$/).filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const part = fc
  .array(fc.constantFrom('a', 'b', '.', '*', '**', '?', '[ab]', '[.a]', '\\*', '\\a'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((pieces) => pieces.join(''))
  // Three stars in a row are read as two and one here, and differently by nobody who means something.
  .filter((text) => text !== '.' && text !== '..' && !text.includes('***'));
const pattern = fc
  .tuple(fc.constantFrom('', '', '!'), fc.array(part, { minLength: 1, maxLength: 4 }))
  .map(([mark, parts]) => mark + parts.join('/'));

test('decisions are those of the plainest matcher', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, file) => {
      expect(createPatternMatcher(patterns).matches(file)).toBe(naiveDecision(patterns, file));
    }),
    { numRuns: 3000 },
  );
});

test('the plainest matcher agrees on paths that are made to fit', () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), name, (patterns, tail) => {
      for (const one of patterns) {
        const file = `${one
          .replace(/^!/, '')
          .replaceAll('**', 'a/b')
          .replaceAll('*', 'ab')
          .replaceAll('?', 'a')
          .replace(/\[(.).\]/g, '$1')
          .replaceAll('\\', '')}/${tail}`;
        expect(createPatternMatcher(patterns).matches(file)).toBe(naiveDecision(patterns, file));
      }
    }),
    { numRuns: 1000 },
  );
});
