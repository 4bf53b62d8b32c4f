// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import type { LayoutReference } from '../../src/index.ts';
import { baseConfig, DIGEST, failure, lower } from '../lower.ts';

const bare = (names: readonly string[]): string[] => names.map((name) => name.replace(/^\[[^\]]*\] /, ''));

describe('a named context', () => {
  test('stands for an image, however its name is written; its config counts', async () => {
    const text = 'FROM docker.io/library/alpine:latest\nRUN x\n';
    const { asked, names, json, config, result } = await lower(
      text,
      { contexts: { alpine: 'docker-image://busybox:1' } },
      { busybox: { Env: ['A=1'], User: 'u', OnBuild: ['RUN trigger'] } },
    );

    expect(asked).toEqual(['docker.io/library/busybox:1']);
    expect(names).toEqual([
      `[context alpine] docker.io/library/busybox:1@${DIGEST}`,
      '[1/2] ONBUILD RUN trigger',
      '[2/2] RUN x',
    ]);
    expect(json('RUN x')).toContain('"env":["A=1",');
    expect(json('RUN x')).toContain('"user":"u"');
    expect(config.config?.OnBuild).toBeUndefined();
    expect(result.bases).toEqual([
      expect.objectContaining({ name: 'busybox:1', reference: `docker.io/library/busybox:1@${DIGEST}` }),
    ]);
  });

  test('another tag is another name', async () => {
    const { asked } = await lower('FROM busybox:2\n', { contexts: { busybox: 'docker-image://alpine' } });

    expect(asked).toEqual(['docker.io/library/busybox:2']);
  });

  test('a stage of the file comes before it, for FROM', async () => {
    const { names } = await lower('FROM scratch AS a\nCOPY x /\nFROM a\nCOPY y /\n', {
      contexts: { b: 'docker-image://busybox' },
    });

    expect(bare(names)).toEqual(['load build context', 'COPY x /', 'COPY y /']);
  });

  test('replaces a stage of its name, with all the stage needs', async () => {
    const text =
      'FROM nowhere AS dep\nFROM missing:$NOTHING AS Tools\nCOPY --from=dep a /\nRUN b\nFROM tools\nRUN c\n';
    const { asked, names, config } = await lower(
      text,
      { contexts: { tools: 'docker-image://busybox' } },
      { busybox: { WorkingDir: '/w' } },
    );

    expect(asked).toEqual(['docker.io/library/busybox:latest']);
    expect(bare(names)).toEqual([`docker.io/library/busybox:latest@${DIGEST}`, 'RUN c']);
    expect(config.config?.WorkingDir).toBe('/w');
  });

  test('gives COPY --from and mounts their files', async () => {
    const text = 'FROM busybox\nCOPY --from=data a b /\nRUN --mount=from=data,source=/c/../d,target=/m x\n';
    const { json, ops } = await lower(
      text,
      { contexts: { data: 'local:data-folder' } },
      {},
      { loadIgnore: async (name) => [`*.${name}`] },
    );

    expect(json('[context data] load from client')).toBe(
      '{"Op":{"source":{"identifier":"local://data-folder","attrs":{"local.excludepatterns":"[\\"*.data-folder\\"]","local.followpaths":"[\\"a\\",\\"b\\",\\"d\\"]","local.sharedkeyhint":"context:data-"}}},"constraints":{}}',
    );
    expect(
      ops.filter(({ op }) => op.type === 'source' && op.source.identifier.startsWith('local:')),
    ).toHaveLength(1);
  });

  test('is whole when a command may see all of it, or it is the result', async () => {
    for (const text of ['FROM data\nCOPY --from=data a /b\nRUN x\n', 'FROM data AS a\nFROM a\n']) {
      expect((await lower(text, { contexts: { data: 'local:d' } })).json('load from client')).not.toContain(
        'followpaths',
      );
    }
  });

  test('what a later stage takes of a stage on it counts too', async () => {
    const { json } = await lower('FROM data AS a\nFROM scratch\nCOPY --from=a x /\n', {
      contexts: { data: 'local:d' },
    });

    expect(json('load from client')).toContain('"local.followpaths":"[\\"x\\"]"');
  });

  test('may be for one platform', async () => {
    const options = {
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ],
      contexts: { 'base::linux/arm64': 'docker-image://arm', base: 'docker-image://any' },
    };
    const { asked } = await lower('FROM base\n', options, { arm: {}, any: {} });

    expect([...asked].sort()).toEqual(['docker.io/library/any:latest', 'docker.io/library/arm:latest']);
  });

  test('the platform of FROM decides, too', async () => {
    const { json } = await lower(
      'FROM --platform=linux/arm64 base\nRUN x\n',
      { contexts: { 'base::linux/arm64': 'docker-image://arm' } },
      { arm: baseConfig({}, { os: 'linux', architecture: 'arm64' }) },
    );

    expect(json('[context base::linux/arm64]')).toContain('"platform":{"Architecture":"arm64","OS":"linux"}');
  });

  test('docker-image://scratch is nothing', async () => {
    const { names, asked } = await lower('FROM base\nCOPY a /\n', {
      contexts: { base: 'docker-image://scratch' },
    });

    expect(asked).toEqual([]);
    expect(names).toEqual(['[internal] load build context', '[1/1] COPY a /']);
  });

  test('scratch and context keep their meaning', async () => {
    const contexts = { scratch: 'docker-image://busybox', context: 'docker-image://busybox' };

    expect((await lower('FROM scratch\nCOPY a /\n', { contexts })).asked).toEqual([]);
  });

  test('nobody looks at one that is not used', async () => {
    const { names } = await lower('FROM unused\nFROM busybox\n', {
      contexts: { unused: 'local:missing', other: 'nonsense' },
    });

    expect(names).toEqual([`[stage-1 1/1] FROM docker.io/library/busybox:latest@${DIGEST}`]);
  });

  test('may be used by an ONBUILD trigger of the base image', async () => {
    const { json } = await lower(
      'FROM parent\n',
      { contexts: { data: 'local:d' } },
      { parent: { OnBuild: ['COPY --from=data x /'] } },
    );

    expect(json('load from client')).toContain('"local.followpaths":"[\\"x\\"]"');
  });

  test('may be a repository or a download', async () => {
    const { json } = await lower('FROM scratch\nCOPY --from=src a /\nCOPY --from=file context /\n', {
      contexts: { src: 'https://h/r.git#v1', file: 'https://h/file' },
    });

    expect(json('load git source https://h/r.git#v1')).toContain('"identifier":"git://h/r.git#v1"');
    expect(json('[context file] https://h/file')).toContain('"attrs":{"http.filename":"context"}');
  });

  test.each([
    ['nothing', 'invalid context specifier nothing for x'],
    ['ftp://h', 'unsupported context source ftp for x'],
    ['oci-layout://s@sha256:1', 'could not parse oci-layout reference "oci-layout://s@sha256:1"'],
    ['oci-layout://s', 'context x is an OCI layout, which this build cannot read'],
  ])('%s is refused when it is used', async (value, message) => {
    expect(await failure('FROM scratch\nCOPY --from=x a /\n', { contexts: { x: value } })).toMatchObject({
      code: 'CONTEXT_INVALID',
      message,
      ranges: [{ startLine: 2, endLine: 2 }],
    });
  });

  test('is suggested when its name is nearly right', async () => {
    const error = await failure('FROM scratch\nCOPY --from=asets a /\n', {
      contexts: { 'assets::linux/amd64': 'local:assets' },
    });

    expect(error.message).toMatch(/\(did you mean assets\?\)$/);
  });

  test('a name that is none, an image that is none, one that is not there', async () => {
    expect(await failure('FROM scratch\n', { contexts: { 'A b': 'local:x' } })).toMatchObject({
      message: 'invalid context name "A b"',
    });
    expect(await failure('FROM x\n', { contexts: { x: 'docker-image://A' } })).toMatchObject({
      code: 'CONTEXT_INVALID',
      ranges: [{ startLine: 1, endLine: 1 }],
    });
    expect(await failure('FROM x\n', { contexts: { x: 'docker-image://gone' } })).toMatchObject({
      code: 'BASE_UNRESOLVED',
      message: 'failed to load context x: not found',
    });
  });
});

describe('an OCI layout', () => {
  const resolved = { digest: DIGEST, config: baseConfig({ User: 'u' }), bytes: new Uint8Array() };

  test.each([
    ['oci-layout://store', { store: 'store', tag: 'latest' }],
    ['oci-layout://a/b:v1', { store: 'a/b', tag: 'v1' }],
    [`oci-layout://store:v1@${DIGEST}`, { store: 'store', tag: 'v1', digest: DIGEST }],
  ])('%s is asked for by store, tag and digest', async (value, expected) => {
    const asked: LayoutReference[] = [];
    const { json } = await lower(
      'FROM base\nRUN x\n',
      { contexts: { base: value } },
      {},
      {
        resolveLayoutConfig: async (layout) => {
          asked.push(layout);
          return resolved;
        },
      },
    );

    expect(asked).toEqual([expected]);
    expect(json('OCI load from client')).toBe(
      `{"Op":{"source":{"identifier":"oci-layout://docker.io/library/base@${DIGEST}","attrs":{"oci.store":"${expected.store}"}}},"platform":{"Architecture":"amd64","OS":"linux"},"constraints":{}}`,
    );
    expect(json('RUN x')).toContain('"user":"u"');
  });
});

describe('a context that is a stage', () => {
  test('stands for images and stages, also when it comes later', async () => {
    const text =
      'FROM base AS first\nRUN one\nCOPY --from=extra a /\nFROM busybox AS mid\nRUN mid\nFROM mid AS later\nENV A=1\nRUN later\nFROM first\n';
    const { names, asked, json } = await lower(text, {
      contexts: { base: 'target:LATER', extra: 'target:mid' },
    });

    expect(asked).toEqual(['docker.io/library/busybox:latest']);
    expect(bare(names)).toEqual([
      `FROM docker.io/library/busybox:latest@${DIGEST}`,
      'RUN mid',
      'RUN later',
      'RUN one',
      'COPY --from=extra a /',
    ]);
    expect(json('RUN one')).toContain('"A=1"');
  });

  test('replaces another stage', async () => {
    const { names } = await lower('FROM missing AS a\nRUN no\nFROM busybox AS b\nRUN yes\nFROM a\n', {
      contexts: { a: 'target:b' },
    });

    expect(bare(names)).toEqual([`FROM docker.io/library/busybox:latest@${DIGEST}`, 'RUN yes']);
  });

  test('has to exist, and not to need itself', async () => {
    expect(
      await failure('FROM base AS build\nFROM build\n', { contexts: { base: 'target:bild' } }),
    ).toMatchObject({
      code: 'STAGE_NOT_FOUND',
      message: 'target stage "bild" could not be found (did you mean build?)',
      ranges: [{ startLine: 1, endLine: 1 }],
    });
    expect(
      await failure('FROM busybox AS a\nFROM a AS b\nFROM b\n', { contexts: { a: 'target:b' } }),
    ).toMatchObject({ code: 'STAGE_ORDER_INVALID' });
  });
});
