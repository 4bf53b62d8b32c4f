// SPDX-License-Identifier: MIT
import type { CacheGraph, Layer } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCacheConfig } from '../../src/cache/decode-cache.ts';
import { cacheConfigBytes, encodeCache } from '../../src/cache/encode-cache.ts';
import { fitCache } from '../../src/cache/fit-cache.ts';
import { digestNamed, graphs, layerNamed, meaningOf, shuffled } from './random-graph.ts';

function known(layers: readonly Layer[]): ReadonlyMap<Layer['diffId'], Layer> {
  return new Map(layers.map((layer) => [layer.descriptor.digest, layer]));
}

function textOf(graph: CacheGraph): string {
  return Buffer.from(cacheConfigBytes(encodeCache(graph).config)).toString();
}

test('what is written and read again says the same', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { config, layers } = encodeCache(graph);
      const read = decodeCacheConfig(cacheConfigBytes(config), known(layers));
      expect(meaningOf(read)).toEqual(meaningOf(graph));
    }),
    { numRuns: 300 },
  );
});

test('the bytes do not depend on the order of the records', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(), { minLength: 1 }), (graph, seed) => {
      expect(textOf(shuffled(graph, seed))).toBe(textOf(graph));
    }),
    { numRuns: 300 },
  );
});

test('layers and records are sorted as BuildKit sorts them', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { layers = [], records = [] } = encodeCache(graph).config;
      for (const [index, { blob, parent = 0 }] of layers.entries()) {
        const next = layers[index + 1];
        if (next !== undefined) expect([blob, parent] < [next.blob, next.parent ?? 0]).toBe(true);
      }
      expect(records.map(({ digest }) => digest)).toEqual(records.map(({ digest }) => digest).sort());
      for (const all of records.flatMap(({ inputs = [] }) => inputs)) {
        const links = all.map(({ link }) => link);
        expect(links).toEqual([...links].sort((a, b) => a - b));
      }
    }),
    { numRuns: 100 },
  );
});

test('a config has the form that BuildKit writes', () => {
  const [base, top] = [layerNamed('base'), layerNamed('top')];
  const [image, copy, content] = [digestNamed('image'), digestNamed('copy'), digestNamed('content')];
  const selector = digestNamed('selector');
  const text = textOf({
    records: [
      { digest: content, inputs: [], results: [] },
      { digest: image, inputs: [], results: [{ layers: [base], createdAt: 1_700_000_000_120 }] },
      {
        digest: copy,
        inputs: [[{ record: 1 }], [{ record: 0, selector }, { record: 1 }]],
        results: [{ layers: [base, top], createdAt: 1_700_000_001_000 }],
      },
    ],
  });
  // sha256 of `blob base`, `blob top`, `copy`, `image` and `content`, in the order of their digits.
  const layers = [base, top].sort((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1));
  const records = [image, copy, content].sort();
  const at = (digest: string): number => records.findIndex((each) => each === digest);
  const placeOf = (layer: Layer): number => layers.indexOf(layer);
  const parents = new Map([
    [base, ',"parent":-1'],
    [top, placeOf(base) === 0 ? '' : `,"parent":${placeOf(base)}`],
  ]);
  const written = new Map([
    [content, `{"digest":"${content}"}`],
    [
      image,
      `{"layers":[{"layer":${placeOf(base)},"createdAt":"2023-11-14T22:13:20.12Z"}],"digest":"${image}"}`,
    ],
    [
      copy,
      `{"layers":[{"layer":${placeOf(top)},"createdAt":"2023-11-14T22:13:21Z"}],"digest":"${copy}","inputs":[[{"link":${at(image)}}],[${[
        { link: at(content), json: `{"selector":"${selector}","link":${at(content)}}` },
        { link: at(image), json: `{"link":${at(image)}}` },
      ]
        .sort((a, b) => a.link - b.link)
        .map(({ json }) => json)
        .join(',')}]]}`,
    ],
  ]);
  expect(text).toBe(
    `{"layers":[${layers
      .map((layer) => `{"blob":"${layer.descriptor.digest}"${parents.get(layer)}}`)
      .join(',')}],"records":[${records.map((digest) => written.get(digest)).join(',')}]}`,
  );
});

test('keys of one build and what only they lead to are not written', () => {
  const result = [{ layers: [layerNamed('a')], createdAt: 0 }];
  const graph: CacheGraph = {
    records: [
      { digest: 'random:1', inputs: [], results: [] },
      { digest: digestNamed('content'), inputs: [], results: [] },
      { digest: digestNamed('either'), inputs: [[{ record: 0 }, { record: 1 }]], results: result },
      { digest: digestNamed('only'), inputs: [[{ record: 0 }]], results: result },
      { digest: digestNamed('never'), inputs: [[{ record: 1 }], []], results: result },
    ],
  };
  const { records = [] } = encodeCache(graph).config;
  expect(records.map(({ digest }) => digest)).toEqual([digestNamed('content'), digestNamed('either')].sort());
  expect(records.flatMap(({ inputs = [] }) => inputs.flat())).toHaveLength(1);
});

test('records that lead to no layer are not written', () => {
  const graph = { records: [{ digest: digestNamed('a'), inputs: [], results: [] }] };
  expect(encodeCache(graph)).toEqual({ config: { layers: [], records: [] }, layers: [] });
});

describe('a cache that would be too large for its readers', () => {
  test('loses its oldest branches and stays whole otherwise', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1200, max: 6000 }), (graph, maxBytes) => {
        const fitted = fitCache(graph, { family: 'oci', maxBytes });
        expect(fitted.configBytes.byteLength).toBeLessThanOrEqual(maxBytes);
        const read = decodeCacheConfig(fitted.configBytes, known(fitted.layers));
        const [before, after] = [meaningOf(graph), meaningOf(read)];
        // No result is altered: what is kept is reached as before.
        expect([...after].filter((fact) => !before.has(fact))).toEqual([]);
        expect(fitted.dropped === 0).toBe(before.size === after.size);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps the newest result and all that it needs', () => {
    const base = layerNamed('base');
    const records = Array.from({ length: 200 }, (_, index) => ({
      digest: digestNamed(`step ${index}`),
      inputs: [[{ record: 200 }]],
      results: [{ layers: [base, layerNamed(`${index}`)], createdAt: index }],
    }));
    const root = { digest: digestNamed('root'), inputs: [], results: [{ layers: [base], createdAt: 0 }] };
    const fitted = fitCache({ records: [...records, root] }, { family: 'oci', maxBytes: 10_000 });
    const read = decodeCacheConfig(fitted.configBytes, known(fitted.layers));
    const times = read.records.flatMap(({ results }) => results.map(({ createdAt }) => createdAt));
    expect(fitted.dropped).toBeGreaterThan(100);
    expect(times.filter((time) => time > 0).sort((a, b) => b - a)).toEqual(
      Array.from({ length: times.length - 1 }, (_, index) => 199 - index),
    );
    expect(read.records.some(({ digest }) => digest === root.digest)).toBe(true);
  });
});
