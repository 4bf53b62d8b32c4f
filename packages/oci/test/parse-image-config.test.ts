// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { canonicalDigest, parseImageConfig } from '../src/index.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const config = {
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [canonicalDigest('a')] },
};

describe('parseImageConfig', () => {
  test('keeps everything, also what it does not know, but nulls', () => {
    const full = {
      ...config,
      created: '2026-01-01T00:00:00Z',
      config: {
        Env: ['A=b'],
        Cmd: ['sh'],
        Volumes: { '/x': {} },
        Labels: { a: 'b' },
        Healthcheck: { Test: ['NONE'] },
        ArgsEscaped: true,
        New: 1,
      },
      history: [{ created_by: 'x', empty_layer: true }],
      'moby.buildkit.cache.v0': 'W10=',
    };
    const nulls = {
      ...full,
      author: null,
      container_config: null,
      config: { ...full.config, Entrypoint: null, OnBuild: null },
    };
    expect(parseImageConfig(bytes(nulls))).toEqual(full);
  });

  test('fills in an empty list of layers', () => {
    expect(
      parseImageConfig(bytes({ ...config, rootfs: { type: 'layers', diff_ids: null } })).rootfs.diff_ids,
    ).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no object', []],
    ['no architecture', { ...config, architecture: undefined }],
    ['no os', { ...config, os: 1 }],
    ['no rootfs', { ...config, rootfs: undefined }],
    ['another rootfs', { ...config, rootfs: { type: 'layers+base', diff_ids: [] } }],
    ['a diff id that is none', { ...config, rootfs: { type: 'layers', diff_ids: ['x'] } }],
    ['environment that is no list', { ...config, config: { Env: 'A=b' } }],
    ['a command that is no list', { ...config, config: { Cmd: 'sh' } }],
    ['a user that is no name', { ...config, config: { User: 0 } }],
    ['volumes that are no set', { ...config, config: { Volumes: ['/x'] } }],
    ['labels that are no strings', { ...config, config: { Labels: { a: 1 } } }],
    ['a health check that is none', { ...config, config: { Healthcheck: 'x' } }],
    ['history of something else', { ...config, history: ['x'] }],
    ['an empty_layer that is no boolean', { ...config, history: [{ empty_layer: 'yes' }] }],
  ])('refuses %s', (_name, value) => {
    expect(() => parseImageConfig(bytes(value))).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_INVALID' }),
    );
  });

  test('has a limit', () => {
    expect(() => parseImageConfig(bytes(config), { maxBytes: 20 })).toThrow('more than the 20 allowed');
  });
});
