// SPDX-License-Identifier: MIT
import { gunzipSync } from 'node:zlib';
import type { CacheGraph, ContentStore, Layer } from '@img-build/interfaces';
import { type Digest, MEDIA_TYPES, parseManifest } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, expect, test } from '@jest/globals';
import { createRewritingCacheExporter } from '../src/cache/rewriting-cache.ts';
import type { LayerRewriter } from '../src/image/rewrite-layer.ts';
import { createImageExporter } from '../src/image-exporter.ts';
import { memoryImageStore, platformResult, recordProgress, removeFolders, storeLayer } from './fake-build.ts';

afterAll(removeFolders);

/** Unpacks a gzip layer. */
function unpacking(content: ContentStore): LayerRewriter {
  return async ({ descriptor, diffId }) => {
    const tar = gunzipSync(await content.read(descriptor.digest));
    const made = await content.ingest(
      MEDIA_TYPES.ociLayer,
      (async function* () {
        yield tar;
      })(),
    );
    return { descriptor: made, diffId };
  };
}

function annotated({ descriptor, diffId }: Layer, annotations: Record<string, string>): Layer {
  return {
    descriptor: { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } },
    diffId,
  };
}

test('all layers of an image are rewritten, and its config stays what it was', async () => {
  let now = Date.UTC(2026, 0, 2);
  const content = createMemoryContentStore(() => now);
  const toc = { 'containerd.io/snapshot/stargz/toc.digest': 'sha256:1', 'own.note': 'x' };
  const layers = [annotated(await storeLayer(content, 'a', 'a'), toc), await storeLayer(content, 'b', 'b')];
  now = Date.UTC(2026, 5, 5);
  const write = async (rewriteLayer?: LayerRewriter, mediaTypes: 'oci' | 'docker' = 'oci') => {
    const exporter = createImageExporter({ content, images: memoryImageStore(), rewriteLayer, mediaTypes });
    const input = { platforms: [platformResult(layers)], names: [] };
    const { descriptor, configDigest } = await exporter.export(input, {
      progress: recordProgress().progress,
    });
    const bytes = await content.read(descriptor?.digest as Digest);
    return { configDigest, manifest: parseManifest(bytes) };
  };
  const before = await write();
  const after = await write(unpacking(content));

  expect(after.manifest.layers).toEqual(
    layers.map(({ diffId }) => ({ mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size: 10240 })),
  );
  expect(after.configDigest).toBe(before.configDigest);
  expect(before.manifest.layers[0]?.annotations).toEqual(toc);
  const docker = await write(unpacking(content), 'docker');
  expect(docker.manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
    MEDIA_TYPES.dockerLayer,
    MEDIA_TYPES.dockerLayer,
  ]);
});

test('a foreign layer stays foreign', async () => {
  const content = createMemoryContentStore();
  const { descriptor, diffId } = await storeLayer(content, 'a', 'a');
  const foreign = { descriptor: { ...descriptor, mediaType: MEDIA_TYPES.dockerForeignLayerGzip }, diffId };
  const layers = [foreign, await storeLayer(content, 'b', 'b')];
  const exporter = createImageExporter({
    content,
    images: memoryImageStore(),
    rewriteLayer: unpacking(content),
  });
  const result = await exporter.export(
    { platforms: [platformResult(layers)], names: [] },
    { progress: recordProgress().progress },
  );
  const { layers: listed } = parseManifest(await content.read(result.descriptor?.digest as Digest));
  expect(listed.map(({ mediaType, digest }) => [mediaType, digest])).toEqual([
    [MEDIA_TYPES.dockerForeignLayerGzip, descriptor.digest],
    [MEDIA_TYPES.ociLayer, layers[1]?.diffId],
  ]);
});

test('all layers of a cache are brought and rewritten, each once', async () => {
  const content = createMemoryContentStore();
  const date = { 'buildkit/createdat': '2026-01-02T00:00:00Z' };
  const a = annotated(await storeLayer(content, 'a', 'a'), date);
  const b = await storeLayer(content, 'b', 'b');
  const digest: Digest = `sha256:${'1'.repeat(64)}`;
  const graph: CacheGraph = {
    records: [
      { digest, inputs: [], results: [{ layers: [a], createdAt: 1 }] },
      { digest, inputs: [[{ record: 0 }]], results: [{ layers: [a, b], createdAt: 2 }] },
    ],
  };
  const brought: string[] = [];
  let exported: CacheGraph | undefined;
  const exporter = createRewritingCacheExporter(
    {
      title: 'exporting cache',
      async export(given, { provide }) {
        exported = given;
        for (const { results } of given.records)
          for (const layer of results.flatMap(({ layers }) => layers)) await provide(layer);
      },
    },
    unpacking(content),
  );
  await exporter.export(graph, {
    progress: recordProgress().progress,
    provide: async ({ descriptor }) => void brought.push(descriptor.digest),
  });

  expect(exporter.title).toBe('exporting cache');
  expect(brought.sort()).toEqual([a.descriptor.digest, b.descriptor.digest].sort());
  const digests = exported?.records.map(({ results }) =>
    results.map(({ layers, createdAt }) => [createdAt, layers.map((layer) => layer.descriptor.digest)]),
  );
  expect(digests).toEqual([[[1, [a.diffId]]], [[2, [a.diffId, b.diffId]]]]);
  expect(exported?.records[0]?.results[0]?.layers[0]?.descriptor.annotations).toEqual({
    ...date,
    'containerd.io/uncompressed': a.diffId,
  });
});
