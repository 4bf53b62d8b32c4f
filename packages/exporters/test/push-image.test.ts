// SPDX-License-Identifier: MIT

import type { Pusher } from '@img-build/interfaces';
import { canonicalDigest, formatReference, parseReference } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, expect, test } from '@jest/globals';
import { pushImage } from '../src/image/push-image.ts';
import { createImageExporter } from '../src/image-exporter.ts';
import {
  memoryImageStore,
  platformResult,
  readAll,
  recordProgress,
  removeFolders,
  storeLayer,
} from './fake-build.ts';

afterAll(removeFolders);

function fakeRegistry(fail?: string): Pusher & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    async pushBlob(_reference, blob) {
      if (blob.descriptor.digest === fail) throw new Error('upload failed');
      const bytes = await readAll(blob.open(0));
      expect(canonicalDigest(bytes)).toBe(blob.descriptor.digest);
      log.push(blob.descriptor.digest);
      return 'uploaded';
    },
    async pushManifest(reference, _mediaType, bytes) {
      log.push(formatReference(reference));
      return canonicalDigest(bytes);
    },
  };
}

async function exported(platforms: number) {
  const content = createMemoryContentStore();
  const images = memoryImageStore();
  const layers = [await storeLayer(content, 'a', 'a'), await storeLayer(content, 'b', 'b')];
  const results = ['amd64', 'arm64']
    .slice(0, platforms)
    .map((architecture) => platformResult(layers, { os: 'linux', architecture }));
  return { content, images, layers, results };
}

test('an image is stored, named and pushed: blobs first, children before the tag', async () => {
  const { content, images, layers, results } = await exported(2);
  const registry = fakeRegistry();
  const { steps, progress } = recordProgress();
  const exporter = createImageExporter({ content, images, push: true, registry: async () => registry });
  const result = await exporter.export({ platforms: results, names: ['localhost:5000/app:1'] }, { progress });

  expect(images.get('localhost:5000/app:1')?.target.digest).toBe(result.descriptor?.digest);
  // Two layers shared by both platforms, two configs, two children, the tag.
  expect(registry.log).toHaveLength(7);
  expect(registry.log.slice(0, 4)).toEqual(
    expect.arrayContaining(layers.map(({ descriptor }) => descriptor.digest)),
  );
  expect(registry.log.slice(4, 6).every((name) => name.startsWith('localhost:5000/app@sha256:'))).toBe(true);
  expect(registry.log.at(-1)).toBe('localhost:5000/app:1');
  expect(steps.slice(-3)).toEqual([
    'naming to localhost:5000/app:1',
    'pushing layers',
    `pushing manifest for localhost:5000/app:1@${result.descriptor?.digest}`,
  ]);
});

test('a push by digest gives no tag', async () => {
  const { content, images, results } = await exported(1);
  const registry = fakeRegistry();
  const { steps, progress } = recordProgress();
  const pusher = { push: true, byDigest: true, store: false, registry: async () => registry };
  const { descriptor } = await createImageExporter({ content, images, ...pusher }).export(
    { platforms: results, names: ['localhost:5000/app:1'] },
    { progress },
  );

  expect(registry.log.at(-1)).toBe(`localhost:5000/app@${descriptor?.digest}`);
  expect(steps.at(-1)).toBe(`pushing manifest for localhost:5000/app@${descriptor?.digest}`);
  expect(images.list()).toEqual([]);
});

test('a push without a name is refused before anything is made', async () => {
  const { content, images, results } = await exported(1);
  const exporter = createImageExporter({ content, images, push: true, registry: async () => fakeRegistry() });
  const { steps, progress } = recordProgress();
  await expect(exporter.export({ platforms: results, names: [] }, { progress })).rejects.toHaveProperty(
    'code',
    'EXPORT_NAME_MISSING',
  );
  expect(steps).toEqual([]);
});

test('the first failure ends the push and no manifest is sent', async () => {
  const { content, images, layers, results } = await exported(1);
  const { descriptor } = await createImageExporter({ content, images }).export(
    { platforms: results, names: [] },
    recordProgress(),
  );
  const registry = fakeRegistry(layers[0]?.descriptor.digest);
  if (descriptor === undefined) throw new Error('nothing exported');
  await expect(
    pushImage(parseReference('localhost:5000/app:1'), descriptor, { content, registry, ...recordProgress() }),
  ).rejects.toThrow('upload failed');
  expect(registry.log.filter((line) => line.startsWith('localhost'))).toEqual([]);
});

test('a blob that is gone is named', async () => {
  const { content, images, layers, results } = await exported(1);
  const { descriptor } = await createImageExporter({ content, images }).export(
    { platforms: results, names: [] },
    recordProgress(),
  );
  const [lost] = layers;
  if (descriptor === undefined || lost === undefined) throw new Error('nothing exported');
  await content.remove(lost.descriptor.digest);
  await expect(
    pushImage(parseReference('localhost:5000/app:1'), descriptor, {
      content,
      registry: fakeRegistry(),
      ...recordProgress(),
    }),
  ).rejects.toMatchObject({
    code: 'EXPORT_CONTENT_MISSING',
    message: expect.stringContaining(lost.descriptor.digest),
  });
});

test('the same result exported twice is the same image', async () => {
  const { content, images, results } = await exported(1);
  const exporter = createImageExporter({ content, images });
  const [first, second] = [
    await exporter.export({ platforms: results, names: [] }, recordProgress()),
    await exporter.export({ platforms: results, names: [] }, recordProgress()),
  ];
  expect(first.descriptor).toEqual(second.descriptor);
});
