// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { formatExcerpt, lowerDockerfile } from '../src/index.ts';
import { failure, lower } from './lower.ts';

describe('errors', () => {
  test.each([
    ['', 'DOCKERFILE_INVALID', /empty/],
    ['ARG A=1\n', 'DOCKERFILE_INVALID', /no stages to build/],
    ['RUN x\nFROM busybox\n', 'DOCKERFILE_INVALID', /no build stage in current context/],
    [
      'FROM busybox\nRUNN x\n',
      'DOCKERFILE_INVALID',
      /^dockerfile parse error on line 2: unknown instruction: RUNN \(did you mean RUN\?\)$/,
    ],
    [
      'FROM busybox\nCOPY --form=a b c\n',
      'DOCKERFILE_INVALID',
      /unknown flag: (?:--)?form \(did you mean from\?\)/,
    ],
    ['FROM ${X}\n', 'BASE_INVALID', /^base name \(\$\{X\}\) should not be blank$/],
    ['FROM Bad/Name\n', 'BASE_INVALID', /^failed to parse stage name "Bad\/Name"/],
    [
      'FROM --platform=$TARGETPLATFROM busybox\n',
      'BASE_INVALID',
      /^empty platform value from expression \$TARGETPLATFROM \(did you mean TARGETPLATFORM\?\)$/,
    ],
    ['FROM --platform=a/b/c/d busybox\n', 'BASE_INVALID', /^failed to parse platform a\/b\/c\/d/],
    [
      'FROM buzybox\n',
      'BASE_UNRESOLVED',
      /^buzybox: failed to resolve source metadata for docker\.io\/library\/buzybox:latest: not found \(did you mean busybox\?\)$/,
    ],
    [
      'FROM busybox AS build\nFROM busybox\nCOPY --from=biuld a b\n',
      'BASE_UNRESOLVED',
      /did you mean build\?/,
    ],
  ] as const)('%j', async (text, code, message) => {
    const error = await failure(text);

    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code, file: 'Dockerfile' });
  });

  test('an unknown target suggests a near one', async () => {
    expect(await failure('FROM busybox AS build\n', { target: 'bild' })).toMatchObject({
      code: 'STAGE_NOT_FOUND',
      message: 'target stage "bild" could not be found (did you mean build?)',
    });
    expect(await failure('FROM busybox AS build\n', { target: '0' })).toMatchObject({
      code: 'STAGE_NOT_FOUND',
    });
  });

  test('stages that need each other are found before anything is resolved, with every place', async () => {
    const error = await failure(
      'FROM missing AS a\nCOPY --from=b / /\nFROM missing AS b\nCOPY --from=a / /\n',
    );

    expect(error).toMatchObject({
      code: 'STAGE_ORDER_INVALID',
      message: 'circular dependency detected on stage: a',
    });
    expect(error.ranges).toEqual([
      { startLine: 2, endLine: 2 },
      { startLine: 4, endLine: 4 },
    ]);
    expect(await failure('FROM busybox AS a\nCOPY --from=a / /\n')).toMatchObject({
      code: 'STAGE_ORDER_INVALID',
    });
  });

  test('an abort ends with the reason itself', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const lowering = lowerDockerfile({
      text: 'FROM busybox\n',
      name: 'Dockerfile',
      options: { buildPlatform: { os: 'linux', architecture: 'amd64' } },
      signal: controller.signal,
      resolver: {
        resolveImageConfig() {
          controller.abort(reason);
          return Promise.reject(new Error('connection closed'));
        },
      },
    });

    await expect(lowering).rejects.toBe(reason);
  });

  test('every question to the resolver can be shown as a step', async () => {
    const seen: string[] = [];
    const request = {
      text: 'FROM alpine:3\n',
      name: 'Dockerfile',
      options: { buildPlatform: { os: 'linux', architecture: 'amd64' } },
      resolver: { resolveImageConfig: () => Promise.reject(new Error('down')) },
      observe: <T>(name: string, work: () => Promise<T>): Promise<T> => {
        seen.push(name);
        return work();
      },
    };

    await expect(lowerDockerfile(request)).rejects.toMatchObject({ code: 'BASE_UNRESOLVED' });
    expect(seen).toEqual(['[internal] load metadata for docker.io/library/alpine:3']);
  });
});

describe('# syntax', () => {
  test.each([
    'docker/dockerfile:1',
    'docker/dockerfile:1.7-labs',
    'docker.io/docker/dockerfile-upstream:master',
    'dockerfile.v0',
  ])('%s is built in', async (reference) => {
    expect((await lower(`# syntax=${reference}\nFROM busybox\n`)).names).toHaveLength(1);
  });

  test('another image is refused, and can be overridden', async () => {
    const text = '# escape=\\\n# syntax=example.org/buildpacks\nFROM busybox\n';

    expect(await failure(text)).toMatchObject({
      code: 'DOCKERFILE_SYNTAX_FOREIGN',
      message: expect.stringContaining('example.org/buildpacks'),
      ranges: [{ startLine: 2, endLine: 2 }],
    });
    expect((await lower(text, { buildArgs: { BUILDKIT_SYNTAX: 'docker/dockerfile:1' } })).names).toHaveLength(
      1,
    );
  });
});

describe('formatExcerpt', () => {
  const source = 'FROM a\nRUN b\n\nRUN c \\\n  d\nRUN e\nRUN f\nRUN g\n';

  test('marks the lines and shows one around several, as BuildKit does', () => {
    expect(formatExcerpt('Dockerfile', source, { startLine: 4, endLine: 5 })).toBe(
      [
        'Dockerfile:4',
        '--------------------',
        '   3 |',
        '   4 | >>> RUN c \\',
        '   5 | >>>   d',
        '   6 |     RUN e',
        '--------------------',
        '',
      ].join('\n'),
    );
  });

  test('shows two around a single line, and pictures of control characters', () => {
    const text = source.replace('RUN e', 'RUN \u001b[2Je');

    expect(formatExcerpt('D\u0007', text, { startLine: 6, endLine: 6 })).toBe(
      [
        'D\u2407:6',
        '--------------------',
        '   4 |     RUN c \\',
        '   5 |       d',
        '   6 | >>> RUN \u241b[2Je',
        '   7 |     RUN f',
        '   8 |     RUN g',
        '--------------------',
        '',
      ].join('\n'),
    );
  });

  test('stops at the ends of the file and drops carriage returns', () => {
    expect(formatExcerpt('D', 'FROM a\r\n', { startLine: 1, endLine: 9 })).toBe(
      'D:1\n--------------------\n   1 | >>> FROM a\n--------------------\n',
    );
    expect(formatExcerpt('D', 'FROM a', { startLine: 3, endLine: 3 })).toBe('');
  });
});
