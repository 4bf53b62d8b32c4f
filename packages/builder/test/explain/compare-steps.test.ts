// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { compareSteps } from '../../src/explain/compare-steps.ts';
import type { StepDescription } from '../../src/explain/step-description.ts';
import { variableValues } from '../../src/explain/variable-values.ts';

const STEP: StepDescription = {
  name: '[2/3] RUN make',
  instruction: 'RUN make',
  platform: 'linux/amd64',
  settings: { command: 'make', user: '', workdir: '/' },
  args: { VERSION: '1.2' },
  env: { PATH: '/bin' },
  inputs: [],
  definition: `sha256:${'1'.repeat(64)}`,
};
const OTHER = { definition: `sha256:${'2'.repeat(64)}` } as const;

test('a step does not differ from itself', () => {
  expect(compareSteps(STEP, STEP)).toEqual([]);
});

describe('what differs is named', () => {
  test.each<readonly [string, Partial<StepDescription>, readonly object[]]>([
    [
      'an argument',
      { args: { VERSION: '1.3' } },
      [{ kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1.2', after: '1.3' }],
    ],
    [
      'arguments that come and go',
      { args: { OTHER: 'x' } },
      [
        { kind: 'variable-changed', variable: 'ARG', name: 'OTHER', before: undefined, after: 'x' },
        { kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1.2', after: undefined },
      ],
    ],
    [
      'a variable of the image',
      { env: { PATH: '/sbin' } },
      [{ kind: 'variable-changed', variable: 'ENV', name: 'PATH', before: '/bin', after: '/sbin' }],
    ],
    [
      'the user',
      { settings: { ...STEP.settings, user: 'app' } },
      [{ kind: 'setting-changed', setting: 'user', before: '', after: 'app' }],
    ],
    [
      'the command',
      { instruction: 'RUN make all', settings: { ...STEP.settings, command: 'make all' } },
      [{ kind: 'setting-changed', setting: 'command', before: 'make', after: 'make all' }],
    ],
    [
      'a mount',
      { settings: { ...STEP.settings, 'mount /cache': 'cache' } },
      [{ kind: 'setting-changed', setting: 'mount /cache', before: undefined, after: 'cache' }],
    ],
    [
      'the platform',
      { platform: 'linux/arm64' },
      [{ kind: 'platform-changed', before: 'linux/amd64', after: 'linux/arm64' }],
    ],
    ['something that has no name', {}, [{ kind: 'definition-changed' }]],
  ])('%s', (_, change, causes) => {
    expect(compareSteps(STEP, { ...STEP, ...OTHER, ...change })).toEqual(causes);
  });

  const image = (name: string, pin: string): StepDescription => ({
    ...STEP,
    source: { kind: 'image', name, pin },
  });

  test('a base image that moved, and another one', () => {
    expect(
      compareSteps(image('debian:12', 'sha256:a'), { ...image('debian:12', 'sha256:b'), ...OTHER }),
    ).toEqual([{ kind: 'base-image-moved', image: 'debian:12', before: 'sha256:a', after: 'sha256:b' }]);
    expect(
      compareSteps(image('debian:12', 'sha256:a'), { ...image('debian:13', 'sha256:b'), ...OTHER }),
    ).toEqual([{ kind: 'base-image-changed', before: 'debian:12', after: 'debian:13' }]);
  });

  test('a download that has other content', () => {
    const http = (pin: string): StepDescription => ({
      ...STEP,
      source: { kind: 'http', name: 'https://h/f', pin },
    });
    expect(compareSteps(http('1'), { ...http('2'), ...OTHER })).toEqual([
      { kind: 'source-changed', source: 'https://h/f' },
    ]);
  });
});

test('words in which a variable is expanded are not named besides the variable', () => {
  const copy = (version: string): StepDescription => ({
    ...STEP,
    instruction: 'COPY app-$VERSION /app',
    args: { VERSION: version },
    settings: { source: `/app-${version}`, destination: '/app' },
  });
  expect(compareSteps(copy('1'), { ...copy('2'), ...OTHER })).toEqual([
    { kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1', after: '2' },
  ]);
});

test('an instruction with other words is shown as a whole', () => {
  const copy = (to: string): StepDescription => ({
    ...STEP,
    instruction: `COPY a ${to}`,
    settings: { source: '/a', destination: to },
  });
  expect(compareSteps(copy('/b'), { ...copy('/c'), ...OTHER })).toEqual([
    { kind: 'instruction-changed', before: 'COPY a /b', after: 'COPY a /c' },
  ]);
});

test('a mount that is written otherwise is named', () => {
  const mounted = (type: string): StepDescription => ({
    ...STEP,
    instruction: `RUN --mount=type=${type},target=/c make`,
    settings: { ...STEP.settings, 'mount /c': type },
  });
  expect(compareSteps(mounted('cache'), { ...mounted('tmpfs'), ...OTHER })).toEqual([
    { kind: 'setting-changed', setting: 'mount /c', before: 'cache', after: 'tmpfs' },
  ]);
});

test('what looks like a secret is compared and not kept', () => {
  const args = (value: string): Partial<StepDescription> => ({ args: variableValues({ NPM_TOKEN: value }) });
  expect(JSON.stringify(args('s3cret'))).not.toContain('s3cret');
  expect(compareSteps({ ...STEP, ...args('one') }, { ...STEP, ...OTHER, ...args('two') })).toEqual([
    { kind: 'variable-changed', variable: 'ARG', name: 'NPM_TOKEN', hidden: true },
  ]);
  expect(compareSteps({ ...STEP, ...args('one') }, { ...STEP, ...args('one') })).toEqual([]);
});

test('a long value is cut and still told apart', () => {
  const values = ['a', 'b'].map((end) => variableValues({ LONG: 'x'.repeat(5000) + end }));
  expect(values[0]).not.toEqual(values[1]);
  expect(JSON.stringify(values).length).toBeLessThan(1200);
});
