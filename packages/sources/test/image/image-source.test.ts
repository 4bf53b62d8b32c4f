// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto';
import { ToolError } from '@img-build/errors';
import type { SourceContent } from '@img-build/interfaces';
import { chainId, type Platform, parseReference } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { createImageSource } from '../../src/image/image-source.ts';
import { pullImage } from '../../src/image/pull-image.ts';
import { addImage, addIndex, createFakeRegistry, memoryImageStore } from './fake-registry.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const ARM: Platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
const NAME = 'localhost:5000/base:1';

function setUp() {
  const registry = createFakeRegistry();
  const content = createMemoryContentStore();
  const images = memoryImageStore();
  let connections = 0;
  const ports = { content, images, platform: AMD64, registry: async () => (connections++, registry) };
  return {
    registry,
    content,
    images,
    ports,
    source: createImageSource(ports),
    connections: () => connections,
  };
}

function layersOf(content: SourceContent) {
  if (content.type !== 'layers') throw new Error('an image has layers');
  return content.layers;
}

function identifier(name: string, attrs: Record<string, string> = {}) {
  return { identifier: `docker-image://${name}`, attrs };
}

describe('an image as a source', () => {
  test("has BuildKit's keys: of the index with the platform, then of the layers", async () => {
    const { registry, source } = setUp();
    const [amd64, arm] = [addImage(registry, ['layer 1', 'layer 2']), addImage(registry, ['other'], ARM)];
    const index = addIndex(registry, [amd64, arm]);
    registry.tags.set(NAME, index);

    const instance = await source.open({ ...identifier(NAME), platform: ARM });
    const first = createHash('sha256')
      .update(`{"Digest":"${index.digest}","OS":"linux","Arch":"arm","Variant":"v7"}`)
      .digest('hex');
    expect(await instance.cacheKey(0)).toEqual({ key: `sha256:${first}`, done: false });
    expect(await instance.cacheKey(1)).toEqual({ key: chainId(arm.config.rootfs.diff_ids), done: true });
  });

  test('reads documents once and fetches no layer before it is asked to', async () => {
    const { registry, source, content, ports } = setUp();
    const image = addImage(registry, ['layer 1']);
    registry.tags.set(NAME, image);
    const { digest, config } = await source.resolveImageConfig(parseReference(NAME), AMD64);
    expect(digest).toBe(image.digest);
    expect(config.rootfs.diff_ids).toEqual(image.config.rootfs.diff_ids);
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    expect(registry.asked.filter((line) => line.startsWith('HEAD'))).toHaveLength(1);
    expect(await content.info(image.config.rootfs.diff_ids[0] ?? image.digest)).toBeUndefined();
    await layer?.fetch();
    expect(layer?.remote).toBe(`${NAME}@${image.digest}`);
    expect(await content.info(image.config.rootfs.diff_ids[0] ?? image.digest)).toBeDefined();

    // A later build asks for the tag and nothing else; pinned by digest, for nothing at all.
    registry.asked.length = 0;
    const later = createImageSource(ports);
    await later.open(identifier(NAME));
    expect(registry.asked).toEqual([`HEAD ${NAME}`]);
    await later.open(identifier(`localhost:5000/base@${image.digest}`));
    expect(registry.asked).toHaveLength(1);
  });

  test('that only exists for other platforms is an error that lists them', async () => {
    const { registry, source } = setUp();
    registry.tags.set(
      NAME,
      addIndex(registry, [
        addImage(registry, ['x'], ARM),
        addImage(registry, ['y'], { os: 'linux', architecture: 's390x' }),
      ]),
    );
    await expect(source.open(identifier(NAME))).rejects.toMatchObject({
      code: 'SOURCE_PLATFORM_NOT_FOUND',
      message: `${NAME} has no image for linux/amd64; it has linux/arm/v7, linux/s390x`,
    });
    registry.tags.set(NAME, addImage(registry, ['x'], ARM));
    await expect(source.resolveImageConfig(parseReference(NAME), AMD64)).rejects.toMatchObject({
      code: 'SOURCE_PLATFORM_NOT_FOUND',
    });
  });

  test('falls back to the local image when the registry has none or cannot be reached', async () => {
    const { registry, source, content, images, ports } = setUp();
    const image = addImage(registry, ['local']);
    for (const [digest, bytes] of registry.blobs)
      await content.ingest(
        'x',
        (async function* () {
          yield bytes;
        })(),
        { expected: digest },
      );
    images.put('docker.io/library/mine:latest', {
      mediaType: image.mediaType,
      digest: image.digest,
      size: image.size,
    });
    expect((await source.resolveImageConfig(parseReference('mine'), AMD64)).digest).toBe(image.digest);
    registry.unreachable = true;
    expect((await source.resolveImageConfig(parseReference('mine:latest'), AMD64)).digest).toBe(image.digest);
    await expect(source.resolveImageConfig(parseReference('other'), AMD64)).rejects.toHaveProperty(
      'code',
      'REGISTRY_UNREACHABLE',
    );
    const strict = createImageSource({ ...ports, pull: true });
    await expect(strict.resolveImageConfig(parseReference('mine'), AMD64)).rejects.toHaveProperty(
      'code',
      'REGISTRY_UNREACHABLE',
    );
    await expect(
      source.open(identifier('docker.io/library/mine:latest', { 'image.resolvemode': 'pull' })),
    ).rejects.toHaveProperty('code', 'REGISTRY_UNREACHABLE');
  });

  test('resolve mode local does not ask the registry', async () => {
    const { registry, source, content, images, connections } = setUp();
    const image = addImage(registry, ['local']);
    for (const [digest, bytes] of registry.blobs)
      await content.ingest(
        'x',
        (async function* () {
          yield bytes;
        })(),
        { expected: digest },
      );
    images.put(NAME, { mediaType: image.mediaType, digest: image.digest, size: image.size });
    await source.open(identifier(NAME, { 'image.resolvemode': 'local' }));
    expect(connections()).toBe(0);
  });
});

describe('fetching layers', () => {
  test('goes on where an earlier try stopped', async () => {
    const { registry, source } = setUp();
    const image = addImage(registry, ['a layer of some length']);
    registry.tags.set(NAME, image);
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    // The config is a blob too; only the layer is to break.
    registry.breakAfter = 8;
    await expect(layer?.fetch()).rejects.toHaveProperty('code', 'REGISTRY_UNREACHABLE');
    await layer?.fetch();
    expect(registry.asked.slice(-2)).toEqual([
      `BLOB ${layer?.descriptor.digest} 0`,
      `BLOB ${layer?.descriptor.digest} 8`,
    ]);
  });

  test('starts over when what was kept is damaged', async () => {
    const { registry, source, content } = setUp();
    const image = addImage(registry, ['a layer of some length']);
    registry.tags.set(NAME, image);
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    if (layer === undefined) throw new Error('no layer');
    const ingest = await content.resume(`layer-${layer.descriptor.digest.slice(7)}`);
    await ingest.write(Buffer.from('garbage!'));
    await ingest.close();
    await layer.fetch();
    expect(registry.asked.slice(-2)).toEqual([
      `BLOB ${layer.descriptor.digest} 8`,
      `BLOB ${layer.descriptor.digest} 0`,
    ]);
    expect(Buffer.from(await content.read(layer.descriptor.digest)).toString()).toBe(
      'a layer of some length',
    );
  });

  test('wrong bytes from the registry are an error and nothing is kept', async () => {
    const { registry, source, content } = setUp();
    const image = addImage(registry, ['a layer of some length']);
    registry.tags.set(NAME, image);
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    if (layer === undefined) throw new Error('no layer');
    registry.blobs.set(layer.descriptor.digest, Buffer.from('b layer of some length'));
    await expect(layer.fetch()).rejects.toHaveProperty('code', 'CONTENT_DIGEST_MISMATCH');
    expect(await content.info(layer.descriptor.digest)).toBeUndefined();
  });

  test('wrong bytes that the registry client notices are asked for once more', async () => {
    const { registry, source, content } = setUp();
    registry.tags.set(NAME, addImage(registry, ['a layer of some length']));
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    if (layer === undefined) throw new Error('no layer');
    const { blob } = registry;
    const offsets: (number | undefined)[] = [];
    let wrong = 1;
    registry.blob = async function* (reference, descriptor, options) {
      offsets.push(options?.offset);
      if (wrong-- <= 0) return yield* blob(reference, descriptor, options);
      yield Buffer.from('b layer of some length');
      throw new ToolError('arrived as something else', { code: 'REGISTRY_DIGEST_MISMATCH' });
    };

    await layer.fetch();
    expect(offsets).toEqual([0, 0]);
    expect(await content.info(layer.descriptor.digest)).toBeDefined();
    await content.remove(layer.descriptor.digest);
    wrong = 2;
    await expect(layer.fetch()).rejects.toHaveProperty('code', 'REGISTRY_DIGEST_MISMATCH');
    expect(await content.info(layer.descriptor.digest)).toBeUndefined();
  });

  test('at the same time is one download, with progress for both', async () => {
    const { registry, source } = setUp();
    registry.tags.set(NAME, addImage(registry, ['a layer of some length']));
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    const seen: number[][] = [[], []];
    await Promise.all(seen.map(async (bytes) => layer?.fetch({ onProgress: (count) => bytes.push(count) })));
    expect(registry.asked.filter((line) => line.startsWith(`BLOB ${layer?.descriptor.digest}`))).toHaveLength(
      1,
    );
    expect(seen.map((bytes) => bytes.at(-1))).toEqual([22, 22]);
  });

  test('that one caller gives up goes on for the other', async () => {
    const { registry, source, content } = setUp();
    registry.tags.set(NAME, addImage(registry, ['a layer of some length']));
    const [layer] = layersOf(await (await source.open(identifier(NAME))).content());
    const stop = new AbortController();
    const reason = new Error('stopped');
    const first = layer?.fetch({ signal: stop.signal, onProgress: () => stop.abort(reason) });
    const second = layer?.fetch();
    await expect(first).rejects.toBe(reason);
    await second;
    expect(layer === undefined ? undefined : await content.info(layer.descriptor.digest)).toBeDefined();
  });
});

describe('pulling', () => {
  test('fetches every layer of one platform and names that image', async () => {
    const { registry, images, ports, content } = setUp();
    const [amd64, arm] = [addImage(registry, ['layer 1', 'layer 2']), addImage(registry, ['other'], ARM)];
    const index = addIndex(registry, [amd64, arm]);
    registry.tags.set(NAME, index);
    const pulled = await pullImage(parseReference(NAME), ports);
    expect(images.get(NAME)?.target.digest).toBe(amd64.digest);
    expect(pulled).toMatchObject({ size: 14, resolved: { digest: index.digest } });
    for (const digest of amd64.config.rootfs.diff_ids) expect(await content.info(digest)).toBeDefined();
  });

  test('that fails names nothing', async () => {
    const { registry, images, ports } = setUp();
    const image = addImage(registry, ['layer 1', 'layer 2']);
    registry.tags.set(NAME, image);
    registry.blobs.delete(image.config.rootfs.diff_ids[1] ?? image.digest);
    await expect(pullImage(parseReference(NAME), ports)).rejects.toHaveProperty('code', 'REGISTRY_NOT_FOUND');
    expect(images.list()).toEqual([]);
  });
});
