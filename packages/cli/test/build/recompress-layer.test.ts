// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compression, Layer } from '@img-build/interfaces';
import { type Digest, MEDIA_TYPES } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { createLayerRecompressor } from '../../src/build/recompress-layer.ts';

/** Longer than a chunk, and compressible in part only. */
const TAR = Buffer.concat([Buffer.alloc(700_000, 'abc'), randomBytes(900_000), Buffer.alloc(800_000)]);
const DIFF_ID: Digest = `sha256:${createHash('sha256').update(TAR).digest('hex')}`;
const PACKED = {
  gzip: { mediaType: MEDIA_TYPES.ociLayerGzip, pack: gzipSync, unpack: gunzipSync },
  zstd: { mediaType: MEDIA_TYPES.ociLayerZstd, pack: zstdCompressSync, unpack: zstdDecompressSync },
  uncompressed: {
    mediaType: MEDIA_TYPES.ociLayer,
    pack: (bytes: Buffer) => bytes,
    unpack: (bytes: Buffer) => bytes,
  },
} as const;
const KINDS = Object.keys(PACKED) as Compression[];

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function setUp(bytes: Buffer, mediaType: string, { diffId = DIFF_ID, piece = 100_000 } = {}) {
  const content = createMemoryContentStore();
  const layer: Layer = { descriptor: await content.ingest(mediaType, pieces(bytes, piece)), diffId };
  const blobs = async (): Promise<number> => {
    let count = 0;
    for await (const _ of content.walk()) count += 1;
    return count;
  };
  return { content, layer, blobs, recompress: createLayerRecompressor(content) };
}

const PAIRS = KINDS.flatMap((from) => KINDS.filter((to) => to !== from).map((to) => [from, to] as const));

test.each(PAIRS)('%s becomes %s, with the same tar in it', async (from, to) => {
  const { content, layer, recompress } = await setUp(PACKED[from].pack(TAR), PACKED[from].mediaType);
  const made = await recompress({ compression: to })(layer, {});
  expect(made.diffId).toBe(DIFF_ID);
  expect(made.descriptor.mediaType).toBe(PACKED[to].mediaType);
  const bytes = await content.read(made.descriptor.digest, 10_000_000);
  expect(bytes).toHaveLength(made.descriptor.size);
  expect(PACKED[to].unpack(Buffer.from(bytes)).equals(TAR)).toBe(true);
  if (to === 'uncompressed') expect(made.descriptor.digest).toBe(DIFF_ID);
});

test.each(['gzip', 'zstd'] as const)('%s is the same, whatever the layer was before', async (compression) => {
  const origins = [
    await setUp(gzipSync(TAR, { level: 1 }), MEDIA_TYPES.ociLayerGzip),
    await setUp(zstdCompressSync(TAR), MEDIA_TYPES.ociLayerZstd, { piece: 7 }),
    await setUp(TAR, MEDIA_TYPES.dockerLayer, { piece: 999 }),
  ];
  const digests = await Promise.all(
    origins.map(async ({ layer, recompress }) => {
      return (await recompress({ compression, level: 5 })(layer, {})).descriptor.digest;
    }),
  );
  expect(new Set(digests).size).toBe(1);
});

test('a layer that is compressed like that already stays, unless a level is asked for', async () => {
  const { layer, recompress } = await setUp(gzipSync(TAR, { level: 1 }), MEDIA_TYPES.dockerLayerGzip);
  expect(await recompress({ compression: 'gzip' })(layer, {})).toBe(layer);
  const smaller = await recompress({ compression: 'gzip', level: 9 })(layer, {});
  expect(smaller.descriptor.size).toBeLessThan(layer.descriptor.size);
});

test('what a layer is called does not matter, only what it is', async () => {
  const { layer, recompress } = await setUp(TAR, MEDIA_TYPES.dockerLayerGzip);
  const made = await recompress({ compression: 'zstd' })(layer, {});
  expect(made.descriptor.mediaType).toBe(MEDIA_TYPES.ociLayerZstd);
});

test('outputs of one build share what was written', async () => {
  const { content, layer } = await setUp(gzipSync(TAR), MEDIA_TYPES.ociLayerGzip);
  let reads = 0;
  const recompress = createLayerRecompressor({
    ...content,
    open(digest, options) {
      reads += 1;
      return content.open(digest, options);
    },
  });
  const [a, b] = await Promise.all([1, 2].map(() => recompress({ compression: 'zstd' })(layer, {})));
  await recompress({ compression: 'zstd' })(layer, {});
  expect(a).toEqual(b);
  expect(reads).toBe(1);
  await recompress({ compression: 'uncompressed' })(layer, {});
  expect(reads).toBe(2);
});

describe('nothing is stored of a layer', () => {
  const packed = gzipSync(TAR);
  const wrong: Digest = `sha256:${'0'.repeat(64)}`;
  test.each([
    ['whose content is another', packed, { diffId: wrong }, 'LAYER_DIFF_ID_MISMATCH'],
    ['that ends early', packed.subarray(0, -2000), {}, 'LAYER_INVALID'],
    ['that is damaged', Buffer.from(packed).fill(0xff, 5000, 6000), {}, 'LAYER_INVALID'],
    ['that is packed with xz', Buffer.from('fd377a585a00000000', 'hex'), {}, 'LAYER_UNSUPPORTED'],
  ])('%s', async (_, bytes, options, code) => {
    const { layer, blobs, recompress } = await setUp(bytes, MEDIA_TYPES.ociLayerGzip, options);
    const failed = recompress({ compression: 'zstd' })(layer, {});
    await expect(failed).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`layer ${layer.descriptor.digest}`),
    });
    expect(await blobs()).toBe(1);
  });

  test('when the build is stopped', async () => {
    const { layer, blobs, recompress } = await setUp(packed, MEDIA_TYPES.ociLayerGzip);
    const stop = new AbortController();
    const reason = new Error('stopped');
    const failed = recompress({ compression: 'zstd' })(layer, { signal: stop.signal });
    stop.abort(reason);
    await expect(failed).rejects.toBe(reason);
    expect(await blobs()).toBe(1);
  });
});
