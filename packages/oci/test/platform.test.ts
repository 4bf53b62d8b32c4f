// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bestPlatform,
  canonicalDigest,
  type Descriptor,
  formatPlatform,
  hostPlatform,
  isAttestation,
  MEDIA_TYPES,
  matchPlatform,
  normalizePlatform,
  offeredPlatforms,
  parsePlatform,
  platformRank,
  runnablePlatforms,
} from '../src/index.ts';

const HOST = { os: 'linux', architecture: 'arm', variant: 'v6' };

describe('parsePlatform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['Linux/X86_64', 'linux/amd64'],
    ['linux/x86-64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/i386', 'linux/386'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/9', 'linux/arm64/v9'],
    ['linux/arm64/v8.2', 'linux/arm64/v8.2'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['macos/arm64', 'darwin/arm64'],
    ['amd64', 'linux/amd64'],
    ['riscv64', 'linux/riscv64'],
    ['linux', 'linux/arm/v6'],
    ['windows(10.0.17763.1+win32k)/amd64', 'windows(10.0.17763.1+win32k)/amd64'],
    ['windows(+win32k)/amd64', 'windows(+win32k)/amd64'],
  ])('reads %s as %s', (text, expected) => {
    expect(formatPlatform(parsePlatform(text, HOST))).toBe(expected);
  });

  test.each([
    '',
    '/',
    'linux/',
    '/amd64',
    'linux/amd64/v1/x',
    'linux/am d64',
    'linux(/amd64',
    'amd64(1)',
    'linux/*',
  ])('refuses %j', (text) => {
    expect(() => parsePlatform(text, HOST)).toThrow(expect.objectContaining({ code: 'PLATFORM_INVALID' }));
  });

  test('needs the machine to complete an operating system alone', () => {
    expect(() => parsePlatform('linux')).toThrow(expect.objectContaining({ code: 'PLATFORM_INVALID' }));
    expect(parsePlatform('arm64')).toEqual({ os: 'linux', architecture: 'arm64' });
  });

  test('gives back what formatPlatform wrote', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    const platforms = fc
      .record({
        os: word,
        architecture: fc.oneof(word, fc.constantFrom('amd64', 'arm', 'arm64', 'armhf')),
        variant: fc.option(fc.constantFrom('v1', 'v6', 'v8', '8', 'v9.3')),
      })
      .map(({ variant, ...rest }) => normalizePlatform(variant === null ? rest : { ...rest, variant }));
    fc.assert(
      fc.property(platforms, (platform) => {
        expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
        expect(normalizePlatform(platform)).toEqual(platform);
      }),
    );
  });
});

test('hostPlatform translates the names Node.js uses', () => {
  expect(['x64', 'arm64', 'arm', 'ia32', 's390x'].map((arch) => formatPlatform(hostPlatform(arch)))).toEqual([
    'linux/amd64',
    'linux/arm64',
    'linux/arm/v7',
    'linux/386',
    'linux/s390x',
  ]);
});

describe('matching', () => {
  test.each([
    ['linux/amd64', 'linux/amd64 linux/386'],
    ['linux/amd64/v3', 'linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386'],
    ['linux/arm/v7', 'linux/arm/v7 linux/arm/v6 linux/arm/v5'],
    ['linux/arm64', 'linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5'],
    [
      'linux/arm64/v8.2',
      'linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5',
    ],
    ['linux/s390x', 'linux/s390x'],
  ])('%s runs %s', (wanted, expected) => {
    expect(runnablePlatforms(parsePlatform(wanted)).map(formatPlatform).join(' ')).toBe(expected);
  });

  test('arm64/v9.1 runs v9 and v8.6 down to v8', () => {
    const names = runnablePlatforms(parsePlatform('linux/arm64/v9.1')).map(formatPlatform);
    expect(names.slice(0, 4)).toEqual([
      'linux/arm64/v9.1',
      'linux/arm64/v9',
      'linux/arm64/v8.6',
      'linux/arm64/v8.5',
    ]);
    expect(names).toContain('linux/arm64');
  });

  test('strict matching takes the exact platform only', () => {
    const [amd64, x86] = [parsePlatform('linux/amd64'), parsePlatform('linux/386')];
    expect(platformRank(amd64, x86)).toBe(1);
    expect(platformRank(amd64, x86, { strict: true })).toBeUndefined();
    expect(platformRank(amd64, { ...amd64, variant: 'v1' }, { strict: true })).toBe(0);
    expect(matchPlatform(x86, amd64)).toBe(false);
  });

  test('compares builds of Windows and refuses features the machine lacks', () => {
    const windows = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.5' };
    expect(matchPlatform(windows, { ...windows, 'os.version': '10.0.17763.9' })).toBe(true);
    expect(matchPlatform(windows, { ...windows, 'os.version': '10.0.20348.9' })).toBe(false);
    expect(matchPlatform(windows, { ...windows, 'os.features': ['win32k'] })).toBe(false);
    expect(
      matchPlatform({ ...windows, 'os.features': ['win32k'] }, { ...windows, 'os.features': ['win32k'] }),
    ).toBe(true);
  });
});

describe('an index', () => {
  const entry = (
    platform: string | undefined,
    name: string,
    annotations?: Record<string, string>,
  ): Descriptor => ({
    mediaType: MEDIA_TYPES.ociManifest,
    digest: canonicalDigest(name),
    size: 1,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(annotations === undefined ? {} : { annotations }),
  });
  const statement = entry('unknown/unknown', 'statement', {
    'vnd.docker.reference.type': 'attestation-manifest',
  });

  test('gives the best entry, the first among equals', () => {
    const list = [
      statement,
      entry('linux/386', 'a'),
      entry('linux/amd64', 'b'),
      entry('linux/amd64/v1', 'c'),
      entry(undefined, 'd'),
    ];
    expect(bestPlatform(list, parsePlatform('linux/amd64'))?.digest).toBe(canonicalDigest('b'));
    expect(bestPlatform(list.slice(0, 2), parsePlatform('linux/amd64'))?.digest).toBe(canonicalDigest('a'));
    expect(bestPlatform(list.slice(0, 2), parsePlatform('linux/amd64'), { strict: true })).toBeUndefined();
    expect(bestPlatform(list, parsePlatform('linux/s390x'))).toBeUndefined();
    expect(bestPlatform([statement], { os: 'unknown', architecture: 'unknown' })).toBeUndefined();
  });

  test('prefers the entry that uses more of the machine', () => {
    const plain = entry('windows/amd64', 'plain');
    const rich = entry('windows(+win32k)/amd64', 'rich');
    expect(bestPlatform([plain, rich], parsePlatform('windows(+win32k)/amd64'))).toBe(rich);
  });

  test('lists what it offers', () => {
    expect(
      offeredPlatforms([
        entry('linux/arm64/v8', 'a'),
        statement,
        entry('linux/amd64', 'b'),
        entry('linux/amd64', 'c'),
      ]),
    ).toEqual(['linux/arm64', 'linux/amd64']);
    expect(isAttestation(statement)).toBe(true);
    expect(isAttestation(entry('linux/amd64', 'a'))).toBe(false);
  });
});
