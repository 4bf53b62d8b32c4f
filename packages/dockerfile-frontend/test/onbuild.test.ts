// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { failure, lower } from './lower.ts';

describe('ONBUILD', () => {
  test('triggers of the base image run after FROM, once, and leave the config', async () => {
    const base = { alpine: { OnBuild: ['RUN first', 'COPY <<E /e\nbody\nE'] } };
    const { names, config, json } = await lower(
      'FROM alpine AS child\nRUN own\nFROM child\nRUN grandchild\n',
      {},
      base,
    );

    expect(names.filter((name) => !name.includes('FROM') && !name.includes('internal'))).toEqual([
      '[child 2/4] ONBUILD RUN first',
      '[child 3/4] ONBUILD COPY <<E /e',
      '[child 4/4] RUN own',
      '[stage-1 1/1] RUN grandchild',
    ]);
    expect(json('inline')).toContain(Buffer.from('body\n').toString('base64'));
    expect(config.config?.OnBuild).toBeUndefined();
  });

  test('work from stage to stage in one file', async () => {
    const { names, config } = await lower(
      'FROM busybox AS a\nONBUILD RUN t\nONBUILD ENV T=1\nFROM a AS b\nRUN b\nFROM b\nRUN c\n',
    );

    expect(names.slice(1)).toEqual(['[b 1/2] ONBUILD RUN t', '[b 2/2] RUN b', '[stage-2 1/1] RUN c']);
    expect(config.config?.Env).toContain('T=1');
  });

  test('may need further stages and images, and those again', async () => {
    const images = {
      alpine: { OnBuild: ['COPY --from=tools /t /t', 'COPY --from=debian /d /d'] },
      debian: {},
      golang: { OnBuild: ['RUN --mount=from=fedora,target=/f x'] },
      fedora: {},
    };
    const { asked, names } = await lower('FROM golang AS tools\nRUN y\nFROM alpine\n', {}, images);

    expect([...asked].sort()).toEqual(
      ['alpine', 'debian', 'fedora', 'golang'].map((name) => `docker.io/library/${name}:latest`),
    );
    expect(names.at(-1)).toBe('[stage-1 3/3] ONBUILD COPY --from=debian /d /d');
  });

  test('of a stage may need other stages, images and folders of the file they are in', async () => {
    const { names, json, asked } = await lower(
      'FROM busybox AS tools\nRUN y\nFROM busybox AS base\nONBUILD COPY --from=tools /t /t\nONBUILD RUN --mount=from=debian,target=/d x\nONBUILD COPY src /src\nFROM base\n',
      {},
      { debian: {} },
    );

    expect(names).toContain('[tools 2/2] RUN y');
    expect(asked).toContain('docker.io/library/debian:latest');
    expect(json('load build context')).toContain('"local.followpaths":"[\\"src\\"]"');
    expect(names.at(-1)).toBe('[stage-2 3/3] ONBUILD COPY src /src');
  });

  test('triggers of an image that is only copied from do not run', async () => {
    expect(
      (
        await lower('FROM busybox\nCOPY --from=alpine / /\n', {}, { alpine: { OnBuild: ['RUN no'] } })
      ).names.join(),
    ).not.toContain('RUN');
  });

  test('a trigger that is no instruction is an error at FROM', async () => {
    expect(await failure('\nFROM alpine\n', {}, { alpine: { OnBuild: ['RUNN x'] } })).toMatchObject({
      code: 'DOCKERFILE_INVALID',
      ranges: [{ startLine: 2, endLine: 2 }],
    });
  });

  test('run in the child, and in no stage that starts from the child', async () => {
    const { names } = await lower(
      'FROM busybox AS base\nONBUILD RUN trigger\nFROM base AS child\nRUN child\nFROM child\nRUN grandchild\n',
    );

    expect(names.slice(1)).toEqual([
      '[child 1/2] ONBUILD RUN trigger',
      '[child 2/2] RUN child',
      '[stage-2 1/1] RUN grandchild',
    ]);
  });

  test('run once for every child', async () => {
    const { names } = await lower(
      'FROM parent AS a\nFROM parent AS b\nCOPY --from=a /x /\n',
      {},
      { parent: { OnBuild: ['RUN trigger'] } },
    );

    expect(names.filter((name) => name.includes('trigger'))).toHaveLength(1);
    expect(names.at(-1)).toBe('[b 3/3] COPY --from=a /x /');
  });

  test('see the variables of the child, and count among its steps', async () => {
    const { json, history } = await lower(
      'ARG V=1\nFROM parent\nRUN x\n',
      { buildArgs: { V: '2' } },
      { parent: { Env: ['W=w'], OnBuild: ['ARG V', 'ENV A=$V$W', 'WORKDIR /$A'] } },
    );

    expect(history).toEqual(['ARG V=2', 'ENV A=2w', 'WORKDIR /2w', 'RUN |1 V=2 /bin/sh -c x # buildkit']);
    expect(json('[3/3] RUN x')).toContain('"cwd":"/2w"');
  });

  test('are stored in the order they are written, with their heredocs', async () => {
    const { config } = await lower('FROM busybox\nONBUILD COPY <<A /a\nbody\nA\nONBUILD RUN b\n');

    expect(config.config?.OnBuild).toEqual(['COPY <<A /a\nbody\nA', 'RUN b']);
  });
});
