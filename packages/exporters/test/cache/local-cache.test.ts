// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheGraph, Layer } from '@img-build/interfaces';
import { canonicalDigest } from '@img-build/oci';
import { createMemoryContentStore, createMemoryLocks } from '@img-build/testkit';
import { afterAll, expect, test } from '@jest/globals';
import { createLocalCacheExporter, type LocalCacheExporterOptions } from '../../src/cache/local-cache.ts';
import { createLocalCacheImporter } from '../../src/cache/local-cache-importer.ts';
import { recordProgress, removeFolders, storeLayer, temporaryFolder } from '../fake-build.ts';
import { digestNamed, meaningOf } from './random-graph.ts';

afterAll(removeFolders);

async function fixture() {
  const content = createMemoryContentStore();
  const folder = join(temporaryFolder(), 'cache');
  const locks = createMemoryLocks();
  const provided: string[] = [];
  const layer = async (name: string): Promise<Layer> => await storeLayer(content, name, name);
  const graphOf = (...layers: readonly Layer[]): CacheGraph => ({
    records: [
      {
        digest: digestNamed(layers.map(({ diffId }) => diffId).join()),
        inputs: [],
        results: [{ layers, createdAt: 1000 }],
      },
    ],
  });
  return {
    folder,
    layer,
    graphOf,
    provided,
    async write(graph: CacheGraph, options: Partial<LocalCacheExporterOptions> = {}) {
      const { steps, progress } = recordProgress();
      await createLocalCacheExporter({ folder, content, locks: () => locks, ...options }).export(graph, {
        progress,
        async provide({ descriptor }) {
          provided.push(descriptor.digest);
        },
      });
      return steps;
    },
    blobs: () => readdirSync(join(folder, 'blobs/sha256')).map((name) => `sha256:${name}`),
    index: () => JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')),
  };
}

test('a folder is an OCI layout with the cache under its tag', async () => {
  const { folder, layer, graphOf, write, blobs, index } = await fixture();
  const graph = graphOf(await layer('a'), await layer('b'));
  await write(graph);
  expect(JSON.parse(readFileSync(join(folder, 'oci-layout'), 'utf8'))).toEqual({
    imageLayoutVersion: '1.0.0',
  });
  const [entry] = index().manifests;
  expect(entry).toEqual({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: expect.any(String),
    size: expect.any(Number),
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  });
  for (const digest of blobs())
    expect(canonicalDigest(readFileSync(join(folder, 'blobs', digest.replace(':', '/'))))).toBe(digest);
  const [read] = await createLocalCacheImporter({ folder }).load();
  expect(read?.remote).toBe(`oci-layout:${folder}`);
  expect(meaningOf(read?.graph ?? { records: [] })).toEqual(meaningOf(graph));
  const [byDigest] = await createLocalCacheImporter({ folder, digest: entry.digest }).load();
  expect(byDigest).toEqual(read);
});

test('layers that are there are not made again', async () => {
  const { layer, graphOf, provided, write } = await fixture();
  const [a, b, c] = [await layer('a'), await layer('b'), await layer('c')];
  await write(graphOf(a, b));
  provided.length = 0;
  await write(graphOf(a, b, c));
  expect(provided).toEqual([c.descriptor.digest]);
});

test('tags do not disturb each other, and old blobs stay', async () => {
  const { folder, layer, graphOf, write, blobs, index } = await fixture();
  const [a, b] = [graphOf(await layer('a')), graphOf(await layer('b'))];
  await write(a, { tag: 'one' });
  await write(b, { tag: 'two' });
  await write(b, { tag: 'one' });
  expect(index().manifests).toHaveLength(2);
  expect(blobs()).toHaveLength(6);
  const [one] = await createLocalCacheImporter({ folder, tag: 'one' }).load();
  expect(meaningOf(one?.graph ?? { records: [] })).toEqual(meaningOf(b));
});

test('reset removes what no tag needs, and what dead writers left', async () => {
  const { folder, layer, graphOf, write, blobs } = await fixture();
  const [a, b, c] = [await layer('a'), await layer('b'), await layer('c')];
  await write(graphOf(a), { tag: 'kept', imageManifest: false });
  await write(graphOf(b));
  const left = join(folder, 'blobs/sha256/something.tmp');
  writeFileSync(left, 'half');
  await write(graphOf(c), { reset: true });
  expect(existsSync(left)).toBe(false);
  expect(blobs()).toContain(a.descriptor.digest);
  expect(blobs()).not.toContain(b.descriptor.digest);
  expect(blobs()).toHaveLength(6);
  expect(await createLocalCacheImporter({ folder, tag: 'kept' }).load()).toHaveLength(1);
  expect(await createLocalCacheImporter({ folder }).load()).toHaveLength(1);
});

test('reset removes nothing when something cannot be understood', async () => {
  const { folder, layer, graphOf, write, blobs, index } = await fixture();
  await write(graphOf(await layer('a')), { tag: 'other' });
  rmSync(join(folder, 'blobs', index().manifests[0].digest.replace(':', '/')));
  await write(graphOf(await layer('b')));
  const warnings: string[] = [];
  await write(graphOf(await layer('c')), { reset: true, onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([expect.stringContaining('nothing was removed')]);
  expect(blobs()).toHaveLength(8);
});

test('many may write to one folder at once', async () => {
  const { folder, layer, graphOf, write } = await fixture();
  const shared = await layer('shared');
  const names = Array.from({ length: 8 }, (_, index) => `tag-${index}`);
  await Promise.all(
    names.map(async (tag, index) =>
      write(graphOf(shared, await layer(tag)), { tag, reset: index % 2 === 0 }),
    ),
  );
  for (const tag of names) {
    const [read] = await createLocalCacheImporter({ folder, tag }).load();
    expect(read?.graph.records).toHaveLength(1);
  }
});

test('a folder without a cache, or without the tag, says so', async () => {
  const { folder, layer, graphOf, write } = await fixture();
  const load = async (tag?: string) => await createLocalCacheImporter({ folder, tag }).load();
  await expect(load()).rejects.toMatchObject({
    code: 'CACHE_NOT_FOUND',
    message: expect.stringContaining(folder),
  });
  await write(graphOf(await layer('a')), { tag: 'main' });
  await expect(load('other')).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND', hint: 'it has main' });
});

test('a damaged document is not believed', async () => {
  const { folder, layer, graphOf, write, index } = await fixture();
  await write(graphOf(await layer('a')));
  const path = join(folder, 'blobs', index().manifests[0].digest.replace(':', '/'));
  const text = readFileSync(path, 'utf8');
  rmSync(path);
  writeFileSync(path, text.replace('schemaVersion":2', 'schemaVersion":3'));
  await expect(createLocalCacheImporter({ folder }).load()).rejects.toMatchObject({ code: 'CACHE_INVALID' });
});
