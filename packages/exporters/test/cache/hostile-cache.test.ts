// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCacheConfig, decodeInlineRecords } from '../../src/cache/decode-cache.ts';
import { cacheConfigBytes, encodeCache } from '../../src/cache/encode-cache.ts';
import { digestNamed, graphs, layerNamed } from './random-graph.ts';

const layer = layerNamed('a');
const blob = layer.descriptor.digest;
const layers = new Map([[blob, layer]]);
const digest = digestNamed('x');

function decode(config: unknown): ReturnType<typeof decodeCacheConfig> {
  return decodeCacheConfig(Buffer.from(JSON.stringify(config)), layers);
}

test.each<[string, unknown]>([
  ['not an object', []],
  ['records that are no list', { records: {} }],
  ['a record without a digest', { records: [{}] }],
  ['a digest that is none', { records: [{ digest: 'random:1' }] }],
  ['an input without alternatives', { records: [{ digest, inputs: [[]] }] }],
  ['a link beyond the records', { records: [{ digest, inputs: [[{ link: 1 }]] }] }],
  ['a link before the records', { records: [{ digest, inputs: [[{ link: -1 }]] }] }],
  ['a record that leads to itself', { records: [{ digest, inputs: [[{ link: 0 }]] }] }],
  ['records in a loop', { records: [1, 2, 0].map((link) => ({ digest, inputs: [[{ link }]] })) }],
  ['a selector that is none', { records: [{ digest }, { digest, inputs: [[{ link: 0, selector: '/' }]] }] }],
  [
    'a layer beyond the layers',
    { layers: [{ blob, parent: -1 }], records: [{ digest, layers: [{ layer: 1 }] }] },
  ],
  [
    'a list with such a layer',
    { layers: [{ blob, parent: -1 }], records: [{ digest, chains: [{ layers: [0, 7] }] }] },
  ],
  ['a parent beyond the layers', { layers: [{ blob, parent: 3 }] }],
  ['a layer that is its own parent', { layers: [{ blob }] }],
  ['layers in a loop', { layers: [{ blob, parent: 1 }, { blob }] }],
  ['a place that is no number', { layers: [{ blob, parent: '0' }] }],
  ['a place that is no whole number', { layers: [{ blob, parent: 0.5 }] }],
  [
    'more layers on top of each other than anything mounts',
    { layers: Array.from({ length: 2000 }, (_, at) => ({ blob, parent: at - 1 })) },
  ],
])('a config with %s is refused', (_, config) => {
  expect(() => decode(config)).toThrow(expect.objectContaining({ code: 'CACHE_INVALID' }));
});

test('what is left out counts as zero or nothing', () => {
  const read = decode({
    layers: [{ blob, parent: -1 }, { blob }],
    records: [
      { digest, layers: [{ createdAt: '2026-01-02T03:04:05.678901234Z' }, { layer: 1 }] },
      { digest, inputs: [[{}]] },
    ],
  });
  expect(read.records).toEqual([
    {
      digest,
      inputs: [],
      results: [
        { layers: [layer], createdAt: Date.parse('2026-01-02T03:04:05.678Z') },
        { layers: [layer, layer], createdAt: 0 },
      ],
    },
    { digest, inputs: [[{ record: 0 }]], results: [] },
  ]);
});

describe('a large config', () => {
  test('beyond the limit is not even parsed', () => {
    const bytes = Buffer.alloc(17 * 1024 * 1024, ' ');
    expect(() => decodeCacheConfig(bytes, layers)).toThrow(/more than the 16777216 allowed/);
  });

  test('within it is read when its chains are as deep and as many as may be', () => {
    const depth = 1000;
    const config = {
      layers: Array.from({ length: depth }, (_, at) => ({ blob, parent: at - 1 })),
      records: Array.from({ length: 3000 }, () => ({ digest, layers: [{ layer: depth - 1 }] })),
    };
    expect(decode(config).records).toHaveLength(3000);
  });

  test('is refused when few bytes would become many layers', () => {
    const config = {
      layers: Array.from({ length: 1000 }, (_, at) => ({ blob, parent: at - 1 })),
      records: Array.from({ length: 5000 }, () => ({ digest, layers: [{ layer: 999 }] })),
    };
    expect(() => decode(config)).toThrow(/more than 4000000 layers/);
  });

  test('with a deep chain of records does not exhaust the stack', () => {
    const records = Array.from({ length: 100_000 }, (_, at) =>
      at === 0 ? { digest } : { digest, inputs: [[{ link: at - 1 }]] },
    );
    expect(decode({ records }).records).toHaveLength(100_000);
  });
});

/** A config with one of its values replaced. */
function damaged(value: unknown, path: readonly number[], instead: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return instead;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return instead;
  const changed = damaged(Object.entries(value).find(([name]) => name === key)?.[1], rest, instead);
  return Array.isArray(value)
    ? value.map((item: unknown, at) => (String(at) === key ? changed : item))
    : { ...value, [key]: changed };
}

test('a config with something changed is read or refused, and nothing else happens', () => {
  const instead = fc.constantFrom(null, true, -1, 0, 1, 7, 1e300, 0.5, '', 'sha256:x', blob, digest, [], {}, [
    [],
  ]);
  const path = fc.array(fc.nat({ max: 5 }), { maxLength: 6 });
  const seen = new Set<string>();
  fc.assert(
    fc.property(graphs, path, instead, fc.boolean(), (graph, steps, value, isInline) => {
      const encoded = encodeCache(graph);
      const config: unknown = JSON.parse(Buffer.from(cacheConfigBytes(encoded.config)).toString());
      const bytes = Buffer.from(JSON.stringify(damaged(config, steps, value)));
      try {
        const known = new Map(encoded.layers.map((one) => [one.descriptor.digest, one]));
        const read = isInline ? decodeInlineRecords(bytes, encoded.layers) : decodeCacheConfig(bytes, known);
        for (const { results } of read.records)
          for (const result of results) expect(result.layers.every((one) => one !== undefined)).toBe(true);
        seen.add('read');
      } catch (error) {
        expect(error).toHaveProperty('code', 'CACHE_INVALID');
        seen.add('refused');
      }
    }),
    { numRuns: 500 },
  );
  expect([...seen].sort()).toEqual(['read', 'refused']);
});
