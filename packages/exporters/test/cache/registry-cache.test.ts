// SPDX-License-Identifier: MIT
import type { CacheGraph, Layer } from '@img-build/interfaces';
import { atDigest, MEDIA_TYPES, parseReference, type Reference } from '@img-build/oci';
import { createMemoryContentStore, createMemoryRegistry } from '@img-build/testkit';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { CacheFormat } from '../../src/cache/cache-manifest.ts';
import { createRegistryCacheExporter, createRegistryCacheImporter } from '../../src/cache/registry-cache.ts';
import { recordProgress, removeFolders, storeLayer } from '../fake-build.ts';
import { digestNamed, meaningOf } from './random-graph.ts';

afterAll(removeFolders);

const reference = parseReference('registry.test/app/cache:main');

async function fixture() {
  const content = createMemoryContentStore();
  const registry = createMemoryRegistry();
  const layers = [await storeLayer(content, 'base', 'b'), await storeLayer(content, 'top', 't')];
  const [base, top] = layers;
  if (base === undefined || top === undefined) throw new Error('no layers');
  const graph: CacheGraph = {
    records: [
      { digest: digestNamed('image'), inputs: [], results: [{ layers: [base], createdAt: 1000 }] },
      { digest: digestNamed('content'), inputs: [], results: [] },
      {
        digest: digestNamed('copy'),
        inputs: [[{ record: 0 }], [{ record: 1 }]],
        results: [{ layers: [base, top], createdAt: 2000 }],
      },
    ],
  };
  const provided: string[] = [];
  return {
    content,
    registry,
    graph,
    base,
    top,
    provided,
    async push(format: CacheFormat = {}, to: Reference = reference, mountFrom?: () => readonly string[]) {
      const { steps, progress } = recordProgress();
      await createRegistryCacheExporter({
        ...format,
        reference: to,
        content,
        registry: async () => registry,
        mountFrom,
      }).export(graph, {
        progress,
        async provide(layer: Layer) {
          provided.push(layer.descriptor.digest);
        },
      });
      return steps;
    },
    load: async (from: Reference = reference) =>
      await createRegistryCacheImporter({ reference: from, registry: async () => registry }).load(),
    async manifest() {
      const { descriptor, bytes } = await registry.manifest(reference);
      return { type: descriptor.mediaType, json: JSON.parse(Buffer.from(bytes).toString()) };
    },
  };
}

describe.each<[string, CacheFormat, string]>([
  ['an image manifest', {}, MEDIA_TYPES.ociManifest],
  ['an index', { imageManifest: false }, MEDIA_TYPES.ociIndex],
  ['a docker manifest list', { mediaTypes: 'docker' }, MEDIA_TYPES.dockerManifestList],
])('a cache as %s', (_, format, type) => {
  test('is read again as it was written', async () => {
    const { graph, push, load, registry } = await fixture();
    await push(format);
    const digest = (await registry.resolve(reference)).digest;
    const [read, second] = await load();
    expect(second).toBeUndefined();
    expect(meaningOf(read?.graph ?? { records: [] })).toEqual(meaningOf(graph));
    expect(read?.remote).toBe(`registry.test/app/cache@${digest}`);
    expect(registry.calls.filter(({ call }) => call === 'blob')).toHaveLength(1);
  });

  test('has the members that BuildKit writes', async () => {
    const { base, top, push, manifest } = await fixture();
    await push(format);
    const { type: actual, json } = await manifest();
    expect(actual).toBe(type);
    const layerType = format.mediaTypes === 'docker' ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
    const layers = [base, top]
      .sort((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1))
      .map(({ descriptor, diffId }) => ({
        mediaType: layerType,
        digest: descriptor.digest,
        size: descriptor.size,
        annotations: {
          'buildkit/createdat':
            descriptor === base.descriptor ? '1970-01-01T00:00:01Z' : '1970-01-01T00:00:02Z',
          'containerd.io/uncompressed': diffId,
        },
      }));
    const config = {
      mediaType: 'application/vnd.buildkit.cacheconfig.v0',
      digest: expect.stringMatching(/^sha256:/),
      size: expect.any(Number),
    };
    const body = type === MEDIA_TYPES.ociManifest ? { config, layers } : { manifests: [...layers, config] };
    expect(json).toEqual({ schemaVersion: 2, mediaType: type, ...body });
  });
});

test('layers that the registry has are neither made nor sent', async () => {
  const { base, top, provided, registry, push } = await fixture();
  await push();
  expect([...provided].sort()).toEqual([base.descriptor.digest, top.descriptor.digest].sort());
  provided.length = 0;
  await push({ imageManifest: false });
  expect(provided).toEqual([]);
  const sent = registry.calls.filter(({ call }) => call === 'pushBlob');
  // Both layers and the config once; the config of the second push is the same one.
  expect(new Set(sent.map(({ digest }) => digest)).size).toBe(3);
});

test('layers of a neighbour are mounted', async () => {
  const { provided, registry, push, load } = await fixture();
  await push();
  provided.length = 0;
  const other = parseReference('registry.test/other/cache:1');
  await push({}, other, () => ['app/cache']);
  expect(provided).toEqual([]);
  expect(registry.calls.filter(({ call }) => call === 'mountBlob')).toHaveLength(2);
  expect(await load(other)).toHaveLength(1);
});

test('the steps are those of BuildKit, and an empty cache is not pushed', async () => {
  const { content, registry, push, manifest } = await fixture();
  const steps = await push();
  const { json } = await manifest();
  expect(steps[0]).toBe('preparing build cache for export');
  expect(steps.slice(1, 3).sort()).toEqual(
    json.layers.map(({ digest }: { digest: string }) => `writing layer ${digest}`),
  );
  expect(steps.slice(3)).toEqual([
    `writing config ${json.config.digest}`,
    `writing cache image manifest ${(await registry.resolve(reference)).digest}`,
  ]);
  const { steps: none, progress } = recordProgress();
  const exporter = createRegistryCacheExporter({ reference, content, registry: async () => registry });
  await exporter.export({ records: [] }, { progress, provide: async () => {} });
  expect(none).toEqual(['preparing build cache for export', 'skipping cache export for empty result']);
  expect(registry.calls.filter(({ call }) => call === 'pushManifest')).toHaveLength(1);
});

test('a layer that cannot be had ends the export without a manifest', async () => {
  const { content, registry, graph } = await fixture();
  const exporter = createRegistryCacheExporter({ reference, content, registry: async () => registry });
  await expect(
    exporter.export(graph, {
      ...recordProgress(),
      provide: async () => {
        throw new Error('the layer is gone');
      },
    }),
  ).rejects.toThrow('the layer is gone');
  expect(registry.calls.filter(({ call }) => call === 'pushManifest')).toEqual([]);
});

test('a layer blob that the manifest does not list drops its results alone', async () => {
  const { registry, top, push, load } = await fixture();
  await push();
  const { bytes } = await registry.manifest(reference);
  const manifest = JSON.parse(Buffer.from(bytes).toString());
  manifest.layers = manifest.layers.filter(
    ({ digest }: { digest: string }) => digest !== top.descriptor.digest,
  );
  await registry.pushManifest(reference, MEDIA_TYPES.ociManifest, Buffer.from(JSON.stringify(manifest)));
  const [read] = await load();
  const results = new Map(read?.graph.records.map(({ digest, results: all }) => [digest, all.length]));
  expect(results.get(digestNamed('image'))).toBe(1);
  expect(results.get(digestNamed('copy'))).toBe(0);
});

test('a cache that is not there is said to be', async () => {
  const { load } = await fixture();
  await expect(load()).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
  await expect(load(atDigest(reference, digestNamed('x')))).rejects.toMatchObject({
    code: 'REGISTRY_NOT_FOUND',
  });
});
