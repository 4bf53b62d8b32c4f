// SPDX-License-Identifier: MIT
import type { CacheGraph, Layer, PlatformResult } from '@img-build/interfaces';
import {
  type ImageConfig,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseReference,
} from '@img-build/oci';
import { createMemoryContentStore, createMemoryRegistry } from '@img-build/testkit';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeInlineRecords } from '../../src/cache/decode-cache.ts';
import { encodeInlineCache } from '../../src/cache/inline-cache.ts';
import { createRegistryCacheImporter } from '../../src/cache/registry-cache.ts';
import { createImageExporter } from '../../src/image-exporter.ts';
import {
  memoryImageStore,
  platformResult,
  recordProgress,
  removeFolders,
  storeLayer,
} from '../fake-build.ts';
import { digestNamed, graphs, layerNamed, meaningOf } from './random-graph.ts';

afterAll(removeFolders);

const base64 = (text: string): Buffer => Buffer.from(text, 'base64');

test('results that the image holds come back, all others do not', () => {
  // Every layer that random graphs have over two bases, so that some results fit and some do not.
  const image = ['0', '0.0', '0.1', '1', '1.2'].map(layerNamed);
  const held = new Set(image.map(({ diffId }) => diffId));
  fc.assert(
    fc.property(graphs, (graph) => {
      const text = encodeInlineCache(graph, image);
      const read = text === undefined ? { records: [] } : decodeInlineRecords(base64(text), image);
      const expected: CacheGraph = {
        records: graph.records.map((record) => ({
          ...record,
          results: record.results.filter(({ layers }) => layers.every(({ diffId }) => held.has(diffId))),
        })),
      };
      expect(meaningOf(read)).toEqual(meaningOf(expected));
    }),
    { numRuns: 200 },
  );
});

test('a result that lies at the bottom is its topmost layer, another a list', () => {
  const [a, b, c] = [layerNamed('a'), layerNamed('b'), layerNamed('c')];
  const recordOf = (name: string, layers: readonly Layer[]) => ({
    digest: digestNamed(name),
    inputs: [],
    results: [{ layers, createdAt: 0 }],
  });
  const graph = { records: [recordOf('x', [a, b]), recordOf('y', [c]), recordOf('z', [a])] };
  const records = JSON.parse(base64(encodeInlineCache(graph, [a, b, c]) ?? '').toString());
  const createdAt = '1970-01-01T00:00:00Z';
  const expected = [
    { layers: [{ layer: 1, createdAt }], digest: digestNamed('x') },
    { chains: [{ layers: [2], createdAt }], digest: digestNamed('y') },
    { layers: [{ layer: 0, createdAt }], digest: digestNamed('z') },
  ].sort((one, other) => (one.digest < other.digest ? -1 : 1));
  expect(records).toEqual(expected);
});

test('the same content compressed in another way is the same layer', () => {
  const packed = layerNamed('a');
  const plain = { ...packed, descriptor: { ...packed.descriptor, digest: packed.diffId } };
  const graph = {
    records: [{ digest: digestNamed('x'), inputs: [], results: [{ layers: [plain], createdAt: 0 }] }],
  };
  const read = decodeInlineRecords(base64(encodeInlineCache(graph, [packed]) ?? ''), [packed]);
  expect(read.records[0]?.results[0]?.layers).toEqual([packed]);
});

test('an image whose layers no step made has no cache', () => {
  const graph = {
    records: [
      { digest: digestNamed('x'), inputs: [], results: [{ layers: [layerNamed('a')], createdAt: 0 }] },
    ],
  };
  expect(encodeInlineCache(graph, [layerNamed('b')])).toBeUndefined();
});

/** An image for each of some platforms, pushed with the caches of its steps. */
async function pushed(architectures: readonly string[]) {
  const content = createMemoryContentStore();
  const registry = createMemoryRegistry();
  const layers = [await storeLayer(content, 'a', 'a'), await storeLayer(content, 'b', 'b')];
  const graphFor = (architecture: string): CacheGraph => ({
    records: [{ digest: digestNamed(architecture), inputs: [], results: [{ layers, createdAt: 5000 }] }],
  });
  const platforms = architectures.map((architecture): PlatformResult => {
    const result = platformResult(layers, { os: 'linux', architecture });
    const stale = { 'moby.buildkit.cache.v0': 'W10=' } as Partial<ImageConfig>;
    return {
      ...result,
      config: { ...result.config, ...stale },
      inlineCache: async () => graphFor(architecture),
    };
  });
  const reference = parseReference('registry.test/app:1');
  const exporter = createImageExporter({
    content,
    images: memoryImageStore(),
    push: true,
    registry: async () => registry,
  });
  const { descriptor } = await exporter.export(
    { platforms, names: ['registry.test/app:1'] },
    recordProgress(),
  );
  if (descriptor === undefined) throw new Error('nothing was exported');
  return { content, registry, reference, descriptor, layers, graphFor };
}

test('an image carries its cache, and a registry gives it back', async () => {
  const { registry, reference, descriptor, layers, graphFor } = await pushed(['amd64']);
  const [read, second] = await createRegistryCacheImporter({
    reference,
    registry: async () => registry,
  }).load();
  expect(second).toBeUndefined();
  expect(meaningOf(read?.graph ?? { records: [] })).toEqual(meaningOf(graphFor('amd64')));
  expect(read?.remote).toBe(`registry.test/app@${descriptor.digest}`);
  const [layer] = read?.graph.records[0]?.results[0]?.layers ?? [];
  expect(layer?.diffId).toBe(layers[0]?.diffId);
  expect(layer?.descriptor.annotations?.['buildkit/description']).toBe('COPY 0 /');
});

test('an index gives one cache per platform', async () => {
  const { content, registry, reference, descriptor, graphFor } = await pushed(['amd64', 'arm64']);
  expect(parseIndex(await content.read(descriptor.digest)).manifests).toHaveLength(2);
  const read = await createRegistryCacheImporter({ reference, registry: async () => registry }).load();
  expect(read.map(({ graph }) => meaningOf(graph))).toEqual(
    ['amd64', 'arm64'].map((one) => meaningOf(graphFor(one))),
  );
});

test('without a cache of its own an image does not have that of its base', async () => {
  const content = createMemoryContentStore();
  const result = platformResult([await storeLayer(content, 'a', 'a')]);
  const stale = { 'moby.buildkit.cache.v0': 'W10=' } as Partial<ImageConfig>;
  const exporter = createImageExporter({ content, images: memoryImageStore() });
  const { descriptor } = await exporter.export(
    { platforms: [{ ...result, config: { ...result.config, ...stale } }], names: [] },
    recordProgress(),
  );
  if (descriptor === undefined) throw new Error('nothing was exported');
  const manifest = parseManifest(await content.read(descriptor.digest));
  const config = parseImageConfig(await content.read(manifest.config.digest));
  expect(Object.keys(config)).not.toContain('moby.buildkit.cache.v0');
});
