// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Dockerfile, parse, print, type SourceRange } from '../src/index.ts';
import { mutatedFile, randomFile, SAMPLE } from './arbitrary-file.ts';

describe.each([
  ['random', randomFile],
  ['mutated', mutatedFile],
])('a %s file', (_, file) => {
  test('prints as it was', () => {
    fc.assert(
      fc.property(file, (text) => {
        const parsed = parse(text);
        expect(print(parsed)).toBe(text);
        expect(print(parsed.tree)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('has tokens without gaps and ranges that agree with the text', () => {
    fc.assert(
      fc.property(file, (text) => {
        const parsed = parse(text);
        let offset = 0;
        for (const token of parsed.tree.items.flatMap(({ tokens }) => tokens)) {
          expect(token.offset).toBe(offset);
          expect(token.text).not.toBe('');
          offset += token.text.length;
        }
        for (const range of rangesOf(parsed)) expectInText(range, text);
      }),
      { numRuns: 100 },
    );
  });

  test('survives JSON', () => {
    fc.assert(
      fc.property(file, (text) => {
        const parsed = parse(text);
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
      }),
      { numRuns: 300 },
    );
  });

  test('has an error for every instruction that is not understood', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { instructions, diagnostics } = parse(text);
        const broken = instructions.filter(({ kind }) => kind === 'invalid' || kind === 'unknown');
        for (const { range } of broken) {
          expect(
            diagnostics.some(
              ({ severity, context }) => severity === 'error' && context.start.offset === range.start.offset,
            ),
          ).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function rangesOf(value: unknown): SourceRange[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('start' in value && 'end' in value) return [value as SourceRange];
  return Object.values(value).flatMap(rangesOf);
}

function expectInText({ start, end }: SourceRange, text: string): void {
  expect(start.offset).toBeLessThanOrEqual(end.offset);
  expect(end.offset).toBeLessThanOrEqual(text.length);
  for (const { offset, line, column } of [start, end]) {
    const before = text.slice(0, offset).split('\n');
    expect([line, column]).toEqual([before.length, (before.at(-1) ?? '').length + 1]);
  }
}

test('words of the file stand where their ranges say', () => {
  const { instructions } = parse(SAMPLE);
  const [arg, from] = instructions;
  const textAt = (range: SourceRange | undefined): string =>
    SAMPLE.slice(range?.start.offset, range?.end.offset);

  expect(arg?.kind === 'arg' && arg.declarations.map(({ name }) => textAt(name.range))).toEqual([
    'VERSION',
    'OTHER',
  ]);
  expect(
    from?.kind === 'from' &&
      [from.platform, from.base, from.as, from.alias].map((word) => textAt(word?.range)),
  ).toEqual(['$BUILDPLATFORM', 'debian:$VERSION', 'AS', 'build']);
  expect(textAt(from?.range)).toBe('FROM --platform=$BUILDPLATFORM debian:$VERSION AS build');
});

test('the tokens of an instruction say what they are', () => {
  const [item] = parse('RUN --network=none -- \\\n # c\n a\r\n').tree.items;

  expect(item?.tokens.map(({ kind, text }) => [kind, text])).toEqual([
    ['keyword', 'RUN'],
    ['whitespace', ' '],
    ['flag', '--network=none'],
    ['whitespace', ' '],
    ['flag', '--'],
    ['whitespace', ' '],
    ['continuation', '\\\n'],
    ['whitespace', ' '],
    ['comment', '# c'],
    ['newline', '\n'],
    ['whitespace', ' '],
    ['arguments', 'a'],
    ['newline', '\r\n'],
  ]);
});

describe('a big file', () => {
  const fill = (line: string, megabytes: number): string =>
    line.repeat(Math.ceil((megabytes * 1024 * 1024) / line.length));
  const check = (text: string): Dockerfile => {
    const parsed = parse(text);
    expect(print(parsed.tree)).toBe(text);
    expect(parsed.diagnostics.length).toBeLessThanOrEqual(1000);
    return parsed;
  };

  test('of ordinary lines parses', () => {
    const text = fill('RUN apt-get update && apt-get install -y something # and so on\n', 10);
    expect(check(text).instructions.length).toBe(text.split('\n').length - 1);
  });

  test('of one instruction with 100,000 continuation lines parses', () => {
    const { instructions } = check(`RUN a${' \\\n  && b c --d'.repeat(100_000)}\n`);

    expect(instructions.length).toBe(1);
  });

  test('of nested brackets parses', () => {
    check(`CMD ${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`);
  });

  test.each([
    ['blank lines', '\n'],
    ['continued words', 'a=b \\\n'],
    ['operators without names', '<< (('],
    ['brackets', '['],
    ['unknown instructions', 'unknown to everybody\n'],
    ['one word', 'x'],
  ])('of %s parses', (_, piece) => {
    check(`ENV ${fill(piece, 2)}`);
    check(`COPY ${fill(piece, 2)}`);
    check(`RUN ${fill(piece, 2)}`);
  });
});
