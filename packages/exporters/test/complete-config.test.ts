// SPDX-License-Identifier: MIT

import type { Digest, History, ImageConfig } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { completeConfig } from '../src/image/complete-config.ts';
import { configBytes } from '../src/image/stable-json.ts';

const BASE = '2020-01-01T00:00:00Z';

function config(history: readonly History[], more: Partial<ImageConfig> = {}): ImageConfig {
  return { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] }, history, ...more };
}

function layer(index: number, createdAt?: number): { diffId: Digest; createdAt?: number | undefined } {
  return { diffId: `sha256:${index.toString(16).padStart(64, '0')}`, createdAt };
}

describe('history', () => {
  test('new entries take the time of their layer, metadata the time of the layer it was made with', () => {
    const history = [
      { created: BASE, created_by: 'base' },
      { created_by: 'ENV', empty_layer: true },
      { created_by: 'RUN' },
      { created_by: 'CMD', empty_layer: true },
    ];
    const done = completeConfig(config(history), [layer(1, 0), layer(2, Date.UTC(2026, 0, 1))]);
    expect(done.history?.map(({ created }) => created)).toEqual([
      BASE,
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ]);
    expect(done.created).toBe('2026-01-01T00:00:00Z');
  });

  test("metadata alone on top of a base has the base's time, so that the image stays the same", () => {
    const done = completeConfig(config([{ created: BASE }, { created_by: 'CMD', empty_layer: true }]), [
      layer(1),
    ]);
    expect(done.history?.[1]?.created).toBe(BASE);
  });

  test('too many layers in the history: the lowest become empty', () => {
    const done = completeConfig(config([{ created_by: 'a' }, { created_by: 'b' }, { created_by: 'c' }]), [
      layer(1, 0),
    ]);
    expect(done.history?.map(({ empty_layer }) => empty_layer ?? false)).toEqual([true, true, false]);
  });

  test('too few: entries are added', () => {
    const done = completeConfig(config([]), [layer(1, 0), layer(2, 0)]);
    expect(done.history).toHaveLength(2);
    expect(done.history?.[0]?.comment).toBe('buildkit.exporter.image.v0');
  });

  test('always has as many layers as there are', () => {
    const entry = fc.record({ empty_layer: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.nat({ max: 8 }), (history, count) => {
        const layers = Array.from({ length: count }, (_, index) => layer(index));
        const done = completeConfig(config(history), layers);
        expect((done.history ?? []).filter((one) => one.empty_layer !== true)).toHaveLength(count);
        expect(done.rootfs.diff_ids).toEqual(layers.map(({ diffId }) => diffId));
      }),
    );
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  const epoch = Date.UTC(2023, 0, 1) / 1000;

  test('gives its time to what has none and leaves the base alone', () => {
    const done = completeConfig(
      config([{ created: '2025-05-05T00:00:00Z' }, { created_by: 'RUN' }]),
      [layer(1), layer(2, Date.now())],
      epoch,
    );
    expect(done.history?.map(({ created }) => created)).toEqual([
      '2025-05-05T00:00:00Z',
      '2023-01-01T00:00:00Z',
    ]);
    expect(done.created).toBe('2023-01-01T00:00:00Z');
  });

  test("clamps the image's own time, and does not raise it", () => {
    expect(completeConfig(config([], { created: '2030-01-01T00:00:00Z' }), [], epoch).created).toBe(
      '2023-01-01T00:00:00Z',
    );
    expect(completeConfig(config([], { created: BASE }), [], epoch).created).toBe(BASE);
  });
});

test('config bytes have their keys in order and escape like Go', () => {
  const bytes = configBytes({
    os: 'linux',
    architecture: 'amd64',
    config: { Cmd: ['a && b <c>'], Env: ['A=ü'] },
  });
  expect(new TextDecoder().decode(bytes)).toBe(
    '{"architecture":"amd64","config":{"Cmd":["a \\u0026\\u0026 b \\u003cc\\u003e"],"Env":["A=ü"]},"os":"linux"}',
  );
});
