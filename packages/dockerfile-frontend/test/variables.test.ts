// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { failure, lower, PATH } from './lower.ts';

const echo = (json: string): string => /"env":(\[.*?\])/.exec(json)?.[1] ?? '';

describe('ARG and ENV', () => {
  test('a global ARG is visible in FROM only, until a stage declares it', async () => {
    const { asked, json } = await lower(
      'ARG V=1\nARG W=$V.2\nFROM alpine:$W\nENV BEFORE=$V\nARG V\nENV AFTER=$V\nRUN x\n',
      {},
      { alpine: {} },
    );

    expect(asked).toEqual(['docker.io/library/alpine:1.2']);
    expect(JSON.parse(echo(json('RUN')))).toEqual([PATH, 'BEFORE=', 'V=1', 'AFTER=1']);
  });

  test('a default in the stage shadows the global one; a build argument beats both', async () => {
    const text = 'ARG V=1\nFROM busybox\nARG V=2\nENV E=$V\n';

    expect((await lower(text)).config.config?.Env).toContain('E=2');
    expect((await lower(text, { buildArgs: { V: '3' } })).config.config?.Env).toContain('E=3');
  });

  test('is inherited by stages from this one and by no others', async () => {
    const { json } = await lower(
      'FROM busybox AS a\nARG A=1\nFROM busybox AS b\nRUN echo $A > b\nFROM a\nRUN c\nCOPY --from=b /b /\n',
    );

    expect(JSON.parse(echo(json('RUN c')))).toEqual(['A=1', PATH]);
    expect(JSON.parse(echo(json('> b')))).toEqual([PATH]);
  });

  test('an argument without default and value is absent from the environment', async () => {
    const { json, history } = await lower('FROM busybox\nARG A\nRUN x\n');

    expect(echo(json('RUN'))).not.toContain('A=');
    expect(history[0]).toBe('ARG A');
  });

  test('ENV after ARG wins, also over a build argument; later declarations see the earlier ones of their line', async () => {
    const { config, history } = await lower('FROM busybox\nARG A=1 B=${A}2\nENV A=x\nENV C=$A$B\n', {
      buildArgs: { A: '9' },
    });

    expect(config.config?.Env).toEqual([PATH, 'A=x', 'C=x92']);
    expect(history[0]).toBe('ARG A=9 B=92');
  });

  test('ARG is not saved in the image', async () => {
    expect((await lower('FROM busybox\nARG A=1\n')).config.config?.Env).toEqual([PATH]);
  });

  test('platform arguments are global, and visible in a stage once declared', async () => {
    const options = { platforms: [{ os: 'linux', architecture: 'arm', variant: 'v7' }], target: 'final' };
    const { json } = await lower(
      'FROM --platform=$BUILDPLATFORM busybox AS final\nARG TARGETPLATFORM TARGETVARIANT BUILDARCH TARGETSTAGE\nRUN x\n',
      options,
    );

    expect(JSON.parse(echo(json('RUN')))).toEqual([
      PATH,
      'TARGETPLATFORM=linux/arm/v7',
      'TARGETVARIANT=v7',
      'BUILDARCH=amd64',
      'TARGETSTAGE=final',
    ]);
    expect(json('RUN')).toContain('"platform":{"Architecture":"amd64","OS":"linux"}');
  });

  test('a build argument may replace a platform argument', async () => {
    const { config } = await lower('FROM busybox\nARG TARGETOS\nENV O=$TARGETOS\n', {
      buildArgs: { TARGETOS: 'plan9' },
    });

    expect(config.config?.Env).toContain('O=plan9');
  });

  test('names of Object.prototype are no build arguments', async () => {
    const { config } = await lower('FROM busybox\nARG constructor=1\nENV A=$constructor\n');

    expect(config.config?.Env).toContain('A=1');
  });

  test('SOURCE_DATE_EPOCH is the time of what the build makes, and not of what it copies', async () => {
    const { json, result } = await lower('FROM busybox\nWORKDIR /w\nCOPY a /\n', {
      buildArgs: { SOURCE_DATE_EPOCH: '1700000000' },
    });

    expect(result.sourceDateEpoch).toBe(1_700_000_000);
    expect(json('WORKDIR')).toContain('"timestamp":1700000000000000000');
    expect(json('COPY')).toContain('"timestamp":-1');
  });

  test.each([
    ['ENV A="${B:?is missing}"', /B: is missing/],
    ['ENV A=${B', /failed to process/],
    ['WORKDIR ${A:#x}', /unsupported modifier/],
  ])('%s is an error at its line', async (instruction, message) => {
    const error = await failure(`FROM busybox\n\n${instruction}\n`);

    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'EXPANSION_INVALID', ranges: [{ startLine: 3, endLine: 3 }] });
  });
});
