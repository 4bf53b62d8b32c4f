// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { baseConfig, DIGEST, lower, PATH } from './lower.ts';

describe('stages', () => {
  test('only what the target needs is resolved and lowered', async () => {
    const text =
      'FROM missing AS unused\nRUN no\nFROM busybox AS used\nRUN yes\nFROM scratch AS out\nCOPY --from=used /a /\nFROM missing\n';
    const { asked, names } = await lower(text, { target: 'OUT' });

    expect(asked).toEqual(['docker.io/library/busybox:latest']);
    expect(names).toEqual([
      `[used 1/2] FROM docker.io/library/busybox:latest@${DIGEST}`,
      '[used 2/2] RUN yes',
      '[out 1/1] COPY --from=used /a /',
    ]);
  });

  test('names are looked up without case; the last definition of a name wins', async () => {
    const { names } = await lower(
      'FROM busybox AS A\nRUN one\nFROM a AS b\nRUN two\nFROM busybox AS B\nRUN three\nFROM b\nRUN four\n',
    );

    expect(names.map((name) => name.replace(/^\[[^\]]*\] /, ''))).toEqual([
      `FROM docker.io/library/busybox:latest@${DIGEST}`,
      'RUN three',
      'RUN four',
    ]);
  });

  test('a stage called like its own base means the image', async () => {
    expect((await lower('FROM busybox AS busybox\nFROM busybox\nRUN x\n')).names.at(-1)).toBe(
      '[stage-1 1/1] RUN x',
    );
  });

  test('FROM knows a stage by what its words are once expanded', async () => {
    const text = 'ARG NAME=tools\nFROM busybox AS tools\nRUN one\nFROM $NAME\nRUN two\n';
    const { asked, names } = await lower(text);

    expect(asked).toHaveLength(1);
    expect(names.at(-1)).toBe('[stage-1 1/1] RUN two');
    expect(names).toContain('[tools 2/2] RUN one');
  });

  test('the platform of FROM may come from an argument', async () => {
    const text = 'ARG P=linux/arm64\nFROM --platform=$P busybox\nRUN x\n';
    const platform = async (buildArgs: Record<string, string>): Promise<string> =>
      /"platform":\{[^}]*\}/.exec((await lower(text, { buildArgs })).json('RUN'))?.[0] ?? '';

    expect(await platform({})).toBe('"platform":{"Architecture":"arm64","OS":"linux"}');
    expect(await platform({ P: 'linux/s390x' })).toBe('"platform":{"Architecture":"s390x","OS":"linux"}');
  });

  test('what a mount is taken from is needed, too', async () => {
    const text =
      'FROM busybox AS used\nRUN yes\nFROM missing AS unused\nFROM scratch\nRUN --mount=from=used,target=/m x\n';
    const { asked, names } = await lower(text);

    expect(asked).toEqual(['docker.io/library/busybox:latest']);
    expect(names).toContain('[used 2/2] RUN yes');
  });

  test('only the stages that the target starts from count for its config', async () => {
    const { config } = await lower(
      'FROM scratch AS base\nENV A=base\nLABEL a=base\nFROM busybox AS other\nENV B=other\nLABEL b=other\nEXPOSE 1\nCMD ["x"]\nFROM base\nCOPY --from=other / /\n',
    );

    expect(config.config).toEqual({ Env: [PATH, 'A=base'], Labels: { a: 'base' }, WorkingDir: '/' });
  });

  test('the shell of the base image is that of its children', async () => {
    const { config, json } = await lower(
      'FROM alpine\nRUN x\nCMD y\n',
      {},
      { alpine: { Shell: ['/bin/bash', '-ec'], Entrypoint: ['/entry'] } },
    );

    // Nor has the program that the image starts with anything to do with commands of the build.
    expect(json('RUN')).toContain('"args":["/bin/bash","-ec","x"]');
    expect(config.config).toMatchObject({ Cmd: ['/bin/bash', '-ec', 'y'], Entrypoint: ['/entry'] });
  });

  test('FROM scratch has no layers, PATH and /', async () => {
    const { config, first } = await lower('FROM scratch\n', {
      platforms: [{ os: 'linux', architecture: 'arm64' }],
    });

    expect(config).toEqual({
      os: 'linux',
      architecture: 'arm64',
      config: { Env: [PATH], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [],
    });
    expect(first.definition.def).toEqual([]);
  });

  test('an image without layers counts as scratch, its config stays', async () => {
    const empty = {
      ...baseConfig({ User: 'u' }),
      rootfs: { type: 'layers' as const, diff_ids: [] },
      history: [],
    };
    const { names, config } = await lower('FROM empty\nCOPY a /\n', {}, { empty });

    expect(names.join()).not.toContain('FROM');
    expect(config.config?.User).toBe('u');
  });

  test('the base keeps its history, layers and unknown fields; its time of creation goes', async () => {
    const base = { ...baseConfig(), 'moby.extra': { a: 1 } };
    const { config, first } = await lower('FROM alpine\nRUN x\n', {}, { alpine: base });

    expect(config).toMatchObject({ rootfs: base.rootfs, 'moby.extra': { a: 1 } });
    expect(config.created).toBeUndefined();
    expect(first.baseHistory).toBe(1);
    expect(config.history?.[0]).toEqual({ created: '2020-01-01T00:00:00Z', created_by: 'base' });
  });

  test('user, folder and variables of the base count from the start', async () => {
    const { json } = await lower(
      'FROM busybox\nRUN x\n',
      {},
      { busybox: { User: 'u', WorkingDir: '/w/', Env: ['A=1'] } },
    );

    expect(json('RUN')).toContain(`"env":${JSON.stringify(['A=1', PATH])},"cwd":"/w","user":"u"`);
  });

  test('numbers count FROM, RUN, COPY, ADD and WORKDIR, padded', async () => {
    const runs = Array.from({ length: 10 }, (_, index) => `RUN ${index}\n`).join('');
    const { names } = await lower(`FROM busybox\nENV A=1\n${runs}`);

    expect(names[1]).toBe('[ 2/11] RUN 0');
    expect(names.at(-1)).toBe('[11/11] RUN 9');
  });

  test('no-cache for all, or for the stages named', async () => {
    const text = 'FROM busybox AS a\nRUN x\nFROM busybox AS b\nRUN y\nCOPY --from=a / /\n';
    const ignored = async (noCache: boolean | string[]): Promise<string[]> =>
      (await lower(text, { noCache })).ops
        .filter(({ metadata }) => metadata.ignoreCache)
        .map(({ name }) => name)
        .sort();

    expect(await ignored(true)).toEqual(['[a 2/2] RUN x', '[b 2/3] RUN y', '[b 3/3] COPY --from=a / /']);
    expect(await ignored(['A'])).toEqual(['[a 2/2] RUN x']);
  });

  test('locationOf tells the lines of a step', async () => {
    const { result, ops } = await lower('FROM busybox\n\nRUN a \\\n  b\nCOPY <<E /\nx\nE\n');

    expect(ops.map(({ digest }) => result.locationOf(digest))).toEqual([
      { startLine: 1, endLine: 1 },
      { startLine: 3, endLine: 4 },
      undefined,
      { startLine: 5, endLine: 7 },
    ]);
  });

  test('a stage is deep without exhausting the stack', async () => {
    const { ops } = await lower(`FROM busybox\n${'RUN x\n'.repeat(3000)}`);

    expect(ops).toHaveLength(3001);
  });
});

describe('the context', () => {
  test('tells the paths in use, sorted, and the ignore rules', async () => {
    const { json } = await lower(
      'FROM busybox\nCOPY b ./a/ /x\nADD *.tar /\nRUN --mount=src=m,target=/m x\nFROM busybox\nCOPY unused /\nFROM stage\n'.replace(
        'FROM stage\n',
        '',
      ),
      {
        target: '',
        contextIgnore: ['*.md', '!a.md'],
        context: 'local:ctx',
      },
    );

    expect(json('load build context')).toBe(
      '{"Op":{"source":{"identifier":"local://ctx","attrs":{"local.excludepatterns":"[\\"*.md\\",\\"!a.md\\"]","local.followpaths":"[\\"unused\\"]","local.sharedkeyhint":"ctx"}}},"constraints":{}}',
    );
  });

  test('collects from every stage that is needed', async () => {
    const { json } = await lower(
      'FROM busybox AS a\nCOPY b ./a/ /x\nADD *.tar https://h/x /\nRUN --mount=src=m,target=/m x\nFROM a\nCOPY c /\n',
    );

    expect(json('load build context')).toContain(
      '"local.followpaths":"[\\"*.tar\\",\\"a\\",\\"b\\",\\"c\\",\\"m\\"]"',
    );
  });

  test('is whole when its root is copied', async () => {
    expect((await lower('FROM busybox\nCOPY a /\nCOPY . /\n')).json('load build context')).not.toContain(
      'followpaths',
    );
  });

  test('is absent when nothing is taken from it', async () => {
    expect((await lower('FROM busybox\nRUN x\n')).names.join()).not.toContain('context');
  });
});
