// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  describeFinding,
  formatExcerpt,
  formatLintGithub,
  formatLintJson,
  formatLintText,
  type LintFile,
  type LintOptions,
  type LintResult,
  lint,
  parse,
} from '../../src/index.ts';

const FILE: LintFile = {
  name: 'Dockerfile',
  text: 'ARG V=1\n\nFROM a:$V as Build\nRUN x \\\n  && y\nMAINTAINER me\n',
};

function check({ text }: LintFile, options: LintOptions = {}): LintResult {
  return lint(parse(text), options);
}

describe('as text', () => {
  test('findings come with their page and an excerpt', () => {
    expect(formatLintText(check(FILE), FILE)).toBe(`Check complete, 3 warnings have been found!

WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
'as' and 'FROM' keywords' casing do not match
Dockerfile:3
--------------------
   1 |     ARG V=1
   2 |
   3 | >>> FROM a:$V as Build
   4 |     RUN x \\
   5 |       && y
--------------------

WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/
Stage name 'Build' should be lowercase
Dockerfile:3
--------------------
   1 |     ARG V=1
   2 |
   3 | >>> FROM a:$V as Build
   4 |     RUN x \\
   5 |       && y
--------------------

WARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/
Maintainer instruction is deprecated in favor of using label
Dockerfile:6
--------------------
   4 |     RUN x \\
   5 |       && y
   6 | >>> MAINTAINER me
--------------------
`);
  });

  test('a rule without a page has none, and one warning is one', () => {
    const file = { name: 'x/Containerfile', text: 'FROM a' };
    const result = check(file, { baseImage: () => ({ platform: 'linux/arm64' }) });

    expect(formatLintText(result, file)).toBe(`Check complete, 1 warning has been found!

WARNING: InvalidBaseImagePlatform
Base image a was pulled with platform "linux/arm64", expected "linux/amd64" for current build
x/Containerfile:1
--------------------
   1 | >>> FROM a
--------------------
`);
  });

  test('nothing found is said', () => {
    const file = { name: 'Dockerfile', text: 'FROM a\n' };

    expect(formatLintText(check(file), file)).toBe('Check complete, no warnings found.\n');
  });

  test('why the file cannot be built comes last', () => {
    const file = { name: 'Dockerfile', text: 'FROM a AS b\nCOPY --from=c /x /\nFROM b AS c\nUSER ${' };

    // The circle is found before any instruction is looked at, and has two places.
    expect(formatLintText(check(file), file)).toBe(`circular dependency detected on stage: b
Dockerfile:2
--------------------
   1 |     FROM a AS b
   2 | >>> COPY --from=c /x /
   3 | >>> FROM b AS c
   4 |     USER \${
--------------------
`);
  });

  test('findings that break the build are named once more', () => {
    const file = { name: 'Dockerfile', text: '# check=error=true\nFROM a as b\n' };

    expect(formatLintText(check(file), file)).toMatch(
      /^Check complete, 1 warning has been found!\n\nWARNING: FromAsCasing[^]*-\n\nlint violation found for rules: FromAsCasing\n$/,
    );
    expect(JSON.parse(formatLintJson(check(file), file)).buildError).toEqual({
      message: 'lint violation found for rules: FromAsCasing',
      location: { ranges: [] },
    });
  });

  test('a finding fits in a line', () => {
    expect(check(FILE).findings.map(describeFinding)).toEqual([
      "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 3)",
      "StageNameCasing: Stage name 'Build' should be lowercase (line 3)",
      'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 6)',
    ]);
  });
});

describe('an excerpt', () => {
  const text = 'one\r\ntwo\nthree\nfour\nfive\nsix\nseven';
  const range = (first: number, last: number): Parameters<typeof formatExcerpt>[2][number] => ({
    start: { offset: 0, line: first, column: 1 },
    end: { offset: 0, line: last, column: 2 },
  });

  test('shows two lines around one, one around several, and what lies between marks', () => {
    const numbers = (excerpt: string): string[] =>
      excerpt.match(/^ +\d+ \| (?:>>>)?/gm)?.map((line) => line.replace(/[ |]/g, '')) ?? [];

    expect(numbers(formatExcerpt('f', text, [range(4, 4)]))).toEqual(['2', '3', '4>>>', '5', '6']);
    expect(numbers(formatExcerpt('f', text, [range(4, 5)]))).toEqual(['3', '4>>>', '5>>>', '6']);
    expect(numbers(formatExcerpt('f', text, [range(5, 5), range(2, 2)]))).toEqual([
      '1',
      '2>>>',
      '3',
      '4',
      '5>>>',
      '6',
    ]);
  });

  test('is empty for what is not in the text', () => {
    expect(formatExcerpt('f', text, [range(9, 9)])).toBe('');
    expect(formatExcerpt('f', text, [])).toBe('');
  });

  test('does not mark a line that a range only touches', () => {
    const touching = { start: range(1, 1).start, end: { offset: 5, line: 2, column: 1 } };

    expect(formatExcerpt('f', text, [touching])).toContain('   2 |     two');
  });

  test('shows control characters and cuts long lines', () => {
    expect(formatExcerpt('a\nb', 'x\u001b[2J\u0007\u009b\ty', [range(1, 1)])).toBe(
      `a\u240ab:1\n${'-'.repeat(20)}\n   1 | >>> x\u241b[2J\u2407\u2421\ty\n${'-'.repeat(20)}\n`,
    );
    expect(formatExcerpt('f', 'x'.repeat(500), [range(1, 1)])).toContain(`${'x'.repeat(400)}…\n`);
  });
});

describe("as BuildKit's JSON", () => {
  test('has the fields of its lint request', () => {
    const file = { name: 'Dockerfile', text: 'FROM scratch AS Base\nRUN a \\\n b\nMAINTAINER é\nUSER ${' };

    expect(JSON.parse(formatLintJson(check(file), file))).toEqual({
      warnings: [
        {
          ruleName: 'StageNameCasing',
          description: 'Stage names should be lowercase',
          url: 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
          detail: "Stage name 'Base' should be lowercase",
          location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
        },
        {
          ruleName: 'MaintainerDeprecated',
          description:
            'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
          url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
          detail: 'Maintainer instruction is deprecated in favor of using label',
          location: { ranges: [{ start: { line: 4 }, end: { line: 4 } }] },
        },
      ],
      sources: [
        { filename: 'Dockerfile', data: Buffer.from(file.text).toString('base64'), language: 'Dockerfile' },
      ],
      buildError: {
        message: 'failed to process "${": syntax error: missing \'}\'',
        location: { ranges: [{ start: { line: 5 }, end: { line: 5 } }] },
      },
    });
  });

  test('is indented, ends its line, and leaves out an error that is none', () => {
    const file = { name: 'Dockerfile', text: 'FROM a' };

    expect(formatLintJson(check(file), file)).toBe(
      '{\n  "warnings": [],\n  "sources": [\n    {\n      "filename": "Dockerfile",\n      "data": "RlJPTSBh",\n      "language": "Dockerfile"\n    }\n  ]\n}\n',
    );
  });

  test('carries any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const file = { name: 'f', text };
        const { sources } = JSON.parse(
          formatLintJson({ findings: [], violation: null, buildError: null }, file),
        );
        expect(sources[0].data).toBe(Buffer.from(text).toString('base64'));
      }),
    );
  });
});

describe('as GitHub annotations', () => {
  test('findings are warnings with place and title', () => {
    expect(formatLintGithub(check(FILE), FILE)).toBe(
      "::warning file=Dockerfile,line=3,endLine=3,col=11,endColumn=13,title=FromAsCasing::'as' and 'FROM' keywords' casing do not match%0Ahttps://docs.docker.com/go/dockerfile/rule/from-as-casing/\n" +
        "::warning file=Dockerfile,line=3,endLine=3,col=14,endColumn=19,title=StageNameCasing::Stage name 'Build' should be lowercase%0Ahttps://docs.docker.com/go/dockerfile/rule/stage-name-casing/\n" +
        '::warning file=Dockerfile,line=6,endLine=6,col=1,endColumn=14,title=MaintainerDeprecated::Maintainer instruction is deprecated in favor of using label%0Ahttps://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/\n',
    );
  });

  test('findings that break the build are errors, several lines have no columns', () => {
    const file = { name: 'a,b:c%.txt', text: 'FROM a\nCMD x \\\n  y\nRUN <<E' };

    expect(formatLintGithub(check(file, { error: true }), file).split('\n')).toEqual([
      expect.stringMatching(
        /^::error file=a%2Cb%3Ac%25\.txt,line=2,endLine=3,title=JSONArgsRecommended::JSON/,
      ),
      '::error file=a%2Cb%3Ac%25.txt,line=4,endLine=4,col=1,endColumn=8,title=HEREDOC_UNTERMINATED::unterminated heredoc',
      '',
    ]);
  });

  test('an error without a place names the file only', () => {
    const file = { name: 'Dockerfile', text: 'FROM a' };

    expect(formatLintGithub(check(file, { target: 'none' }), file)).toBe(
      '::error file=Dockerfile,title=TARGET_UNKNOWN::target stage "none" could not be found\n',
    );
  });
});
