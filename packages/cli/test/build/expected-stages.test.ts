// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { BUILD_FLAGS } from '../../src/build/build-flags.ts';
import { buildRequestFrom } from '../../src/build/build-request.ts';
import { expectedStages } from '../../src/build/expected-stages.ts';
import { parseArguments } from '../../src/parse-arguments.ts';

const DOCKERFILE = 'ARG A\nFROM a AS Deps\nRUN 1\nFROM b\nRUN 2\nFROM c AS last\nRUN 3\n';
const LINES = [2, 3, 4, 5, 6, 7];

test.each([
  [['deps'], [2, 3]],
  [
    ['DEPS', 'last'],
    [2, 3, 6, 7],
  ],
  [['1'], [4, 5]],
  [['stage-1'], [4, 5]],
  [[], LINES],
])('%j are lines %j', (names, lines) => {
  const isExpected = expectedStages(names, DOCKERFILE);
  expect(LINES.filter((line) => isExpected(line))).toEqual(lines);
});

test('an op that comes from no line belongs to no stage', () => {
  expect(expectedStages(['deps'], DOCKERFILE)(undefined)).toBe(false);
  expect(expectedStages([], DOCKERFILE)(undefined)).toBe(true);
});

test('a stage that is not there is an error', () => {
  expect(() => expectedStages(['deps', 'typo'], DOCKERFILE)).toThrow('there is no stage "typo"');
});

test.each([
  [[], undefined],
  [['--expect-cached'], []],
  [['--expect-cached=deps,last'], ['deps', 'last']],
  [['--expect-cached=deps', '--expect-cached', '--expect-cached=last'], []],
])('%j means %j', async (words, stages) => {
  const args = await parseArguments([...words, '.'], BUILD_FLAGS);
  expect(args.positionals).toEqual(['.']);
  const platform = { os: 'linux', architecture: 'amd64' };
  const request = buildRequestFrom(args, { env: {}, platform, stdoutIsTerminal: false });
  expect(request.expectCached).toEqual(stages);
});
