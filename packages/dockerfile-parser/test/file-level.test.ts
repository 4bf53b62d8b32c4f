// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { detectSyntax, listStages, parse, parseCheckSettings, suggest } from '../src/index.ts';

describe('detectSyntax', () => {
  test.each<[string, string, string, number]>([
    ['# syntax=docker/dockerfile:1\nFROM a', 'docker/dockerfile:1', 'docker/dockerfile:1', 1],
    ['\ufeff# escape=`\n# syntax = a b c\n', 'a', 'a b c', 2],
    ['#!/usr/bin/env img\n# syntax=a\n', 'a', 'a', 2],
    ['// syntax=a\r\n{}', 'a', 'a', 1],
    ['{"x": 1, "syntax": "a b"}', 'a', 'a b', 1],
  ])('%j', (text, reference, commandLine, line) => {
    expect(detectSyntax(text)).toEqual({ reference, commandLine, line });
  });

  test.each(['', 'FROM a', '# x\n# syntax=a', '{"syntax": 1}', '{"syntax"', '#!only', '# syntax='])(
    '%j has none',
    (text) => {
      expect(detectSyntax(text)).toBeNull();
    },
  );
});

describe('parseCheckSettings', () => {
  test.each([
    ['skip=A,B', { skip: ['A', 'B'], experimental: [], error: false }],
    ['skip=all;error=true', { skip: 'all', experimental: [], error: true }],
    ['error=false; experimental = X , Y', { skip: [], experimental: ['X', 'Y'], error: false }],
    ['experimental=all', { skip: [], experimental: 'all', error: false }],
  ])('%s', (value, settings) => {
    expect(parseCheckSettings(value)).toEqual(settings);
  });

  test.each(['', 'skip', 'skp=A', 'error=yes', 'skip=A;'])('%j is none', (value) => {
    expect(parseCheckSettings(value)).toBeNull();
  });
});

test('listStages cuts at FROM', () => {
  const { globalArgs, stages } = listStages(parse('ARG a\nRUN early\nFROM b AS x\nARG c\nRUN d\nFROM x\n'));

  expect(globalArgs.map(({ original }) => original)).toEqual(['ARG a']);
  expect(
    stages.map(({ from, instructions }) => [from.name, instructions.map(({ original }) => original)]),
  ).toEqual([
    ['x', ['ARG c', 'RUN d']],
    [null, []],
  ]);
});

describe('suggest', () => {
  test.each<[string, readonly string[], string | null]>([
    ['bild', ['build', 'test'], 'build'],
    ['build', ['build', 'built'], null],
    ['rnu', ['env', 'run', 'user'], 'run'],
    ['x', ['abcd'], null],
    ['BUILD', ['build'], null],
    ['', ['ab', 'abc'], 'ab'],
  ])('%j of %j is %j', (written, options, suggestion) => {
    expect(suggest(written, options)).toBe(suggestion);
  });

  test('can ignore case and answers in the case written', () => {
    expect(suggest('FORM', ['from'], { caseSensitive: false })).toBe('FROM');
    expect(suggest('Form', ['FROM'], { caseSensitive: false })).toBe('from');
    expect(suggest('FROM', ['from'], { caseSensitive: false })).toBeNull();
  });

  test('finds what one edit changed', () => {
    const word = fc.stringMatching(/^[a-z]{3,10}$/);
    fc.assert(
      fc.property(word, fc.nat(10), (text, at) => {
        const place = at % text.length;
        expect(suggest(text.slice(0, place) + text.slice(place + 1), [text])).toBe(text);
        expect(suggest(`${text.slice(0, place)}_${text.slice(place)}`, [text])).toBe(text);
      }),
    );
  });
});
