// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FormatOptions, format, meaningOf, parse } from '../src/index.ts';
import { mutatedFile, randomFile } from './arbitrary-file.ts';

const options: fc.Arbitrary<FormatOptions> = fc.record(
  {
    indent: fc.constantFrom('  ', '\t', '    '),
    keywords: fc.constantFrom('upper', 'lower', 'keep'),
    newline: fc.constantFrom('auto', 'lf', 'crlf'),
    separateStages: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe.each([
  ['random', randomFile],
  ['mutated', mutatedFile],
])('a %s file', (_, file) => {
  test('keeps its meaning', () => {
    fc.assert(
      fc.property(file, options, (text, given) => {
        const parsed = parse(text);
        expect(meaningOf(parse(format(parsed, given)))).toEqual(meaningOf(parsed));
      }),
      { numRuns: 600 },
    );
  });

  test('does not change when formatted again', () => {
    fc.assert(
      fc.property(file, options, (text, given) => {
        const once = format(parse(text), given);
        expect(format(parse(once), given)).toBe(once);
      }),
      { numRuns: 600 },
    );
  });
});

const formatted = (text: string, given: FormatOptions = {}): string => format(parse(text), given);

describe('lays out', () => {
  test.each([
    [
      'keywords',
      'from a as b\nhealthcheck cmd x\nhealthcheck none',
      'FROM a AS b\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n',
    ],
    ['blanks between words', 'FROM   --platform=x  a   AS\tb  ', 'FROM --platform=x a AS b\n'],
    ['continued words', 'COPY a \\\n      b   \\  \n\n/d/', 'COPY a \\\n    b \\\n    /d/\n'],
    ['comments between them', 'ENV A=b \\\n# c \n  D=e', 'ENV A=b \\\n    # c\n    D=e\n'],
    ['pairs', 'ENV  A=b   C="d  e"', 'ENV A=b C="d  e"\n'],
    ['the older form of pairs', 'LABEL  a   b  c ', 'LABEL a b  c\n'],
    [
      'flags',
      'RUN   --network=none   --mount=type=tmpfs,target=/x   a   b',
      'RUN --network=none --mount=type=tmpfs,target=/x a   b\n',
    ],
    ['the end of the flags', 'RUN  --   --a', 'RUN -- --a\n'],
    [
      'JSON arrays',
      'CMD [ "a","b" ,"c\\n" ]\nVOLUME  [ ]\nVOLUME ["a"]',
      'CMD ["a", "b", "c\\n"]\nVOLUME  [ ]\nVOLUME ["a"]\n',
    ],
    ['directives', '#syntax = a\n  #CHECK=skip=all  \nFROM a', '# syntax=a\n# check=skip=all\nFROM a\n'],
    ['blank lines', '\n\nFROM a\n\n\n\nRUN b\n\n', 'FROM a\n\nRUN b\n'],
    [
      'stages',
      'ARG a\nFROM a\nRUN b\n# c\n# d\nFROM e\nFROM f',
      'ARG a\nFROM a\nRUN b\n\n# c\n# d\nFROM e\n\nFROM f\n',
    ],
    ['an escape character that continues to nothing', 'FROM a\nRUN b \\\n# c\n', 'FROM a\nRUN b\n# c\n'],
    ['the other escape character', '# escape=`\nCOPY a `\n b', '# escape=`\nCOPY a `\n    b\n'],
  ])('%s', (_, text, result) => {
    expect(formatted(text)).toBe(result);
  });
});

describe('leaves alone', () => {
  test.each([
    ['commands', 'RUN a   b \\\n   && c \\\n# d\n && "e \\\n  f"\n'],
    ['heredocs', 'RUN cat <<E   <<-F\n  a  \n\nE\n\tb\n\tF\n'],
    ['a heredoc without end', 'RUN <<E\n  a  \n\n'],
    ['triggers', 'ONBUILD run   a   b\n'],
    ['words over several lines', 'ENV A="b \\\n c"\n'],
    ['what is wrong', 'from  a  b\nfoo  bar   \n'],
    ['a comment that must not become a directive', '\n# escape=`\nFROM a\n'],
    ['a byte order mark', '\ufeffFROM a\n'],
    ['an empty file', ''],
  ])('%s', (_, text) => {
    expect(formatted(text)).toBe(text);
  });
});

test('takes options', () => {
  expect(
    formatted('FROM a As b\r\nCOPY a \\\r\nb\r\n', { keywords: 'keep', indent: '\t', newline: 'lf' }),
  ).toBe('FROM a As b\nCOPY a \\\n\tb\n');
  expect(formatted('FROM a\nFROM b', { separateStages: false, newline: 'crlf', keywords: 'lower' })).toBe(
    'from a\r\nfrom b\r\n',
  );
});

test('keeps the line endings of the file', () => {
  expect(formatted('FROM  a\r\nRUN  b \\\n c\nRUN <<E\n d\nE\n')).toBe(
    'FROM a\r\nRUN b \\\r\n c\r\nRUN <<E\r\n d\nE\r\n',
  );
});
