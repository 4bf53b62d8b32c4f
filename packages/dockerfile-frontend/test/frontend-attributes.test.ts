// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { applyAttributes } from '../src/frontend-attributes.ts';
import { lower } from './lower.ts';

const base = { buildPlatform: { os: 'linux', architecture: 'amd64' } };
const apply = (attributes: Record<string, string>) => applyAttributes({ ...base, attributes });

describe('frontend attributes', () => {
  test('say what options say, and win over them', () => {
    const options = applyAttributes({
      ...base,
      target: 'a',
      buildArgs: { A: '1', B: '2' },
      attributes: { target: 'b', 'build-arg:B': '3', 'label:l': 'v', 'context:c': 'local:x' },
    });

    expect(options).toMatchObject({
      target: 'b',
      buildArgs: { A: '1', B: '3' },
      labels: { l: 'v' },
      contexts: { c: 'local:x' },
    });
    expect(options).not.toHaveProperty('attributes');
  });

  test.each([
    [{ platform: 'linux/arm64, linux/arm/v7' }, 'platforms', [expect.anything(), expect.anything()]],
    [{ 'no-cache': '' }, 'noCache', true],
    [{ 'no-cache': 'a,b' }, 'noCache', ['a', 'b']],
    [{ 'image-resolve-mode': 'pull' }, 'pull', 'always'],
    [{ 'force-network-mode': 'none' }, 'network', 'none'],
    [
      { 'add-hosts': 'a=1.1.1.1,b=::1' },
      'extraHosts',
      [
        { host: 'a', ip: '1.1.1.1' },
        { host: 'b', ip: '::1' },
      ],
    ],
    [{ 'shm-size': '1024' }, 'shmSize', 1024],
    [
      { ulimit: 'nofile=1:2,core=-1' },
      'ulimits',
      [
        { name: 'nofile', soft: 1, hard: 2 },
        { name: 'core', soft: -1, hard: -1 },
      ],
    ],
    [{ 'cgroup-parent': 'c' }, 'cgroupParent', 'c'],
    [{ hostname: 'h' }, 'hostname', 'h'],
    [{ 'multi-platform': 'true' }, 'multiPlatform', true],
    [{ contextsubdir: 's' }, 'contextSubdirectory', 's'],
  ])('%j', (attributes, field, expected) => {
    expect(apply(attributes)).toHaveProperty(field, expected);
  });

  test('those of others are left to them', () => {
    expect(apply({ filename: 'x', 'attest:sbom': '', 'cache-from': 'y' })).toEqual(base);
  });

  test.each([
    [{ tarjet: 'a' }, 'unknown frontend attribute "tarjet" (did you mean target?)'],
    [{ constructor: 'a' }, 'unknown frontend attribute "constructor"'],
    [{ platform: 'a/b/c/d' }, 'invalid platform=a/b/c/d: '],
    [{ 'add-hosts': 'a' }, 'invalid add-hosts=a: a is not HOST=ADDRESS'],
    [{ 'shm-size': '1m' }, 'invalid shm-size=1m: it is not a number of bytes'],
    [{ ulimit: 'x' }, 'invalid ulimit=x: x is not NAME=SOFT:HARD'],
    [
      { 'force-network-mode': 'toString' },
      'invalid force-network-mode=toString: it is none of sandbox, host, none',
    ],
    [{ 'multi-platform': '2' }, 'invalid multi-platform=2: it is neither true nor false'],
  ])('%j is refused', (attributes, message) => {
    expect(() => apply(attributes)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('reach the build', async () => {
    const { json } = await lower('FROM busybox\nRUN x\n', {
      attributes: { hostname: 'h', 'build-arg:BUILDKIT_SANDBOX_HOSTNAME': 'box' },
    });

    expect(json('RUN')).toContain('"hostname":"box"');
  });
});
