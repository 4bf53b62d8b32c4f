// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { baseConfig, failure, lower } from './lower.ts';

describe('platforms', () => {
  const both = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ];

  test('each one gets a definition and a config; names tell the platform', async () => {
    const { result, names } = await lower(
      'FROM --platform=$BUILDPLATFORM busybox AS b\nARG TARGETARCH\nRUN x\nFROM busybox\nCOPY --from=b /x /\n',
      { platforms: both },
    );

    expect(result.multiPlatform).toBe(true);
    expect(result.platforms.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
    expect(result.platforms.map(({ config }) => config.architecture)).toEqual(['amd64', 'arm64']);
    expect(names).toContain('[linux/amd64 b 2/2] RUN x');
    const second = JSON.stringify(
      Object.values(result.platforms[1]?.definition.metadata ?? {}).map(
        ({ description }) => description['llb.customname'],
      ),
    );
    expect(second).toContain('[linux/amd64->arm64 b 2/2] RUN x');
    expect(second).toContain('[linux/arm64 stage-1 2/2] COPY --from=b /x /');
  });

  test('BUILDKIT_MULTI_PLATFORM asks for an index of one', async () => {
    const { result, names } = await lower('FROM busybox\n', { buildArgs: { BUILDKIT_MULTI_PLATFORM: '1' } });

    expect(result.multiPlatform).toBe(true);
    expect(names[0]).toMatch(/^\[linux\/amd64 1\/1\] FROM /);
    expect((await lower('FROM busybox\n', { multiPlatform: true })).result.multiPlatform).toBe(true);
    expect(
      (await lower('FROM busybox\n', { multiPlatform: true, buildArgs: { BUILDKIT_MULTI_PLATFORM: 'f' } }))
        .result.multiPlatform,
    ).toBe(false);
  });

  test('BUILDKIT_MULTI_PLATFORM is true or false, and false for one platform only', async () => {
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

    expect(await failure('FROM busybox\n', { buildArgs: { BUILDKIT_MULTI_PLATFORM: 'yes' } })).toMatchObject({
      code: 'OPTION_INVALID',
      message: 'invalid boolean value for BUILDKIT_MULTI_PLATFORM: yes',
    });
    expect(
      await failure('FROM busybox\n', { platforms, buildArgs: { BUILDKIT_MULTI_PLATFORM: '0' } }),
    ).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(/^conflicting config/) });
  });

  test('without a wish, the platform is the one the image was made for', async () => {
    const arm = { alpine: baseConfig({}, { os: 'linux', architecture: 'arm64' }) };
    const implicit = await lower('FROM alpine\nRUN x\n', {}, arm);
    const explicit = await lower(
      'FROM alpine\nRUN x\n',
      { platforms: [{ os: 'linux', architecture: 'amd64' }] },
      arm,
    );

    expect(implicit.first.platform.architecture).toBe('arm64');
    expect(implicit.result.warnings).toEqual([]);
    expect(explicit.config.architecture).toBe('amd64');
    expect(explicit.result.warnings).toEqual([
      {
        rule: 'InvalidBaseImagePlatform',
        description: 'Base image platform does not match expected target platform',
        message:
          'Base image alpine was pulled with platform "linux/arm64", expected "linux/amd64" for current build',
        range: { startLine: 1, endLine: 1 },
      },
    ]);
  });

  test('one platform warns for all', async () => {
    const { result } = await lower(
      'FROM alpine\nRUN a \\\n\n  b\n',
      { platforms: [...both] },
      { alpine: baseConfig({}, { os: 'linux', architecture: 's390x' }) },
    );

    expect(result.warnings.map(({ rule }) => rule)).toEqual([
      'InvalidBaseImagePlatform',
      'NoEmptyContinuation',
    ]);
  });

  test('the version of Windows is that of the base, unless another one is asked for', async () => {
    const windows = {
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.1',
      'os.features': ['win32k'],
    };
    const images = { alpine: { ...baseConfig(), ...windows } };
    const asked = { os: 'windows', architecture: 'amd64' };
    const inherited = await lower('FROM alpine\n', { platforms: [asked] }, images);
    const replaced = await lower(
      'FROM alpine\n',
      { platforms: [{ ...asked, 'os.version': '10.0.2' }] },
      images,
    );

    expect(inherited.config).toMatchObject(windows);
    expect(replaced.config).toMatchObject({ ...windows, 'os.version': '10.0.2' });
    expect(inherited.config.config?.Env ?? []).toEqual([]);
  });

  test('are written in their normal form', async () => {
    const { config } = await lower('FROM scratch\n', {
      platforms: [{ os: 'linux', architecture: 'aarch64', variant: 'v8' }],
    });

    expect(config).toMatchObject({ os: 'linux', architecture: 'arm64' });
    expect(config.variant).toBeUndefined();
  });
});
