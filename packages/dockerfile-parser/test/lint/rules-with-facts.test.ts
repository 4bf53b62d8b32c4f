// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import type { BaseImage, BaseImageRequest, LintOptions } from '../../src/index.ts';
import { findingsOf, placesOf, unmark } from './check-rule.ts';
import { describeRule } from './describe-rule.ts';

const UNDEFINED = 'Usage of undefined variable';

describeRule('UndefinedVar', {
  bad: [
    ['FROM scratch\nCOPY «$foo» .', `${UNDEFINED} '$foo'`],
    ['FROM scratch\nENV FOO_BAR=1\nCOPY x/«${FOOBAR}» .', `${UNDEFINED} '$FOOBAR' (did you mean $FOO_BAR?)`],
    ['FROM scratch\nENV A=«$B» B=1 C=«$A»', `${UNDEFINED} '$B'`, `${UNDEFINED} '$A'`],
    ['FROM scratch AS a\nARG X=1\nFROM scratch\nUSER «$X»', `${UNDEFINED} '$X'`],
    ['ARG G=1\nFROM scratch\nLABEL a=«$G»', `${UNDEFINED} '$G'`],
    ['FROM scratch\nEXPOSE «${P:-80}»', `${UNDEFINED} '$P'`],
    ['FROM scratch\nARG A=«$B» B=1', `${UNDEFINED} '$B'`],
    ['FROM scratch\nCOPY «<<EOF» /a\n$name\nEOF', `${UNDEFINED} '$name'`],
    ['FROM scratch\nRUN --mount=type=cache,target=/«$c» x', `${UNDEFINED} '$c'`],
    ['FROM scratch AS a\nONBUILD ENV Z=$y\n«FROM a»', `${UNDEFINED} '$y'`],
    ['FROM scratch\nWORKDIR /a«$b»', `${UNDEFINED} '$b'`],
    ['FROM scratch\nWORKDIR «/a\\\n$b»', `${UNDEFINED} '$b'`],
  ],
  good: [
    'FROM scratch\nARG foo\nCOPY $foo .',
    'FROM scratch\nENV PATH=/x:$PATH',
    'FROM scratch AS a\nENV X=1\nARG Y\nFROM a\nLABEL a=$X$Y',
    'ARG G=1\nFROM scratch\nARG G\nLABEL a=$G',
    'FROM scratch\nRUN echo $foo',
    'FROM scratch\nCMD echo $foo',
    'FROM scratch\nCOPY <<"EOF" /a\n$name\nEOF',
    "FROM scratch\nENV A='$b' C=\\$d",
    'FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nLABEL a=$BUILDKIT_SBOM_SCAN_STAGE',
    'FROM scratch AS a\nONBUILD ENV Z=$y',
    'FROM some-image\nCOPY $from_the_image .',
    'FROM some-image AS a\nFROM a\nCOPY $from_the_image .',
  ],
});

test('UndefinedVar knows what the base image sets, when told', () => {
  const text = 'FROM java\nCOPY $JAVA_HOME $JAVA_HOEM .';

  expect(
    findingsOf('UndefinedVar', text, { baseImage: () => ({ env: ['JAVA_HOME=/j'] }) }).map(
      (one) => one.message,
    ),
  ).toEqual([`${UNDEFINED} '$JAVA_HOEM' (did you mean $JAVA_HOME?)`]);
  expect(findingsOf('UndefinedVar', text, { baseImage: () => ({ platform: 'linux/amd64' }) })).toEqual([]);
});

describe('InvalidBaseImagePlatform', () => {
  const find = (text: string, image: BaseImage, options: LintOptions = {}): unknown =>
    findingsOf('InvalidBaseImagePlatform', text, { baseImage: () => image, ...options }).map(
      ({ message }) => message,
    );

  test('reports an image of another architecture, with the place of its name', () => {
    const { text, marks } = unmark('ARG T=1\nFROM «alpine:$T» AS b\nFROM b');
    const asked: BaseImageRequest[] = [];
    const found = findingsOf('InvalidBaseImagePlatform', text, {
      baseImage: (request) => {
        asked.push(request);
        return { platform: 'linux/arm64/v8' };
      },
    });

    expect(found).toMatchObject([
      {
        message:
          'Base image alpine:1 was pulled with platform "linux/arm64/v8", expected "linux/amd64" for current build',
        url: null,
      },
    ]);
    expect(placesOf(found)).toEqual(marks);
    expect(asked[0]).toEqual({ stage: 0, name: 'alpine:1', platform: null });
  });

  test('expects what FROM asks for, then what the caller says, then the target platform', () => {
    const image = { platform: 'linux/arm64' };

    expect(find('FROM --platform=linux/arm64 a', image)).toEqual([]);
    expect(find('FROM --platform=$BUILDPLATFORM a', image, { buildPlatform: 'linux/arm64' })).toEqual([]);
    expect(find('FROM a', { ...image, expectedPlatform: 'linux/arm64' })).toEqual([]);
    expect(find('FROM a', image, { platform: 'linux/arm64' })).toEqual([]);
    expect(find('FROM a', image, { platform: 'windows/arm64' })).toHaveLength(1);
  });

  test('says nothing about variants, or without facts', () => {
    expect(find('FROM a', { platform: 'linux/amd64/v3' })).toEqual([]);
    expect(find('FROM a', {})).toEqual([]);
    expect(find('FROM scratch', { platform: 'linux/arm64' })).toEqual([]);
  });
});

describeRule('CopyIgnoredFile', {
  options: { ignorePatterns: ['node_modules', '**/*.log', '.*', 'dist/'] },
  bad: [
    [
      'FROM a\nCOPY «node_modules» /',
      'Attempting to Copy file "node_modules" that is excluded by .dockerignore',
    ],
    [
      'FROM a\nADD a «./node_modules/x» /',
      'Attempting to Add file "node_modules/x" that is excluded by .dockerignore',
    ],
    ['FROM a\nCOPY «/dist» /', 'Attempting to Copy file "/dist" that is excluded by .dockerignore'],
    ['FROM a\nCOPY «*.log» /', 'Attempting to Copy file "*.log" that is excluded by .dockerignore'],
    ['FROM a\nENV D=.git\nCOPY «$D» x /', 'Attempting to Copy file ".git" that is excluded by .dockerignore'],
    [
      'FROM a AS b\nONBUILD COPY dist /\n«FROM b»',
      'Attempting to Copy file "dist" that is excluded by .dockerignore',
    ],
    ['FROM a\nCOPY [«"x.log"», "/"]', 'Attempting to Copy file "x.log" that is excluded by .dockerignore'],
  ],
  good: [
    'FROM a\nCOPY src /node_modules',
    'FROM a\nCOPY . .',
    'FROM a\nCOPY / /',
    'FROM a AS b\nFROM a\nCOPY --from=b node_modules /',
    'FROM a\nADD https://example.org/x.log git@example.org:x.log /',
    'FROM a\nCOPY <<x.log /\nx.log',
    'FROM a\nRUN --mount=source=dist,target=/d x',
  ],
});

test.each([
  [['*'], 1],
  [['**'], 1],
  [['*', '!src'], 0],
  [['.*'], 0],
  [['*.md'], 0],
  [[], 0],
])(
  'CopyIgnoredFile reports the whole context only when everything is ignored: %j',
  (ignorePatterns, count) => {
    expect(findingsOf('CopyIgnoredFile', 'FROM a\nCOPY . /\n', { ignorePatterns })).toHaveLength(count);
    expect(findingsOf('CopyIgnoredFile', 'FROM a\nADD / /\n', { ignorePatterns })).toHaveLength(count);
  },
);

test('CopyIgnoredFile says nothing without an ignore file, or with one that takes something back', () => {
  const text = 'FROM a\nCOPY dist /';

  expect(findingsOf('CopyIgnoredFile', text)).toEqual([]);
  expect(findingsOf('CopyIgnoredFile', text, { ignorePatterns: ['dist', '!dist/x'] })).toEqual([]);
  expect(findingsOf('CopyIgnoredFile', text, { ignorePatterns: ['['] })).toEqual([]);
});
