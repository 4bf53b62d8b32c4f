// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { isToolError, messageOf } from '@img-build/errors';
import type { LayerRewriter } from '@img-build/exporters';
import type { AbortOptions, Compression, ContentIngester, ContentReader, Layer } from '@img-build/interfaces';
import { DEFAULT_UNPACK_LIMITS, decompress, LayerError, sniffPacking } from '@img-build/layers';
import { type Descriptor, type LayerCompression, layerCompression, layerType } from '@img-build/oci';

/** What layers are to be compressed with. */
export interface RecompressOptions {
  readonly compression: Compression;
  /** When it is given, layers that have the compression already are written anew as well. */
  readonly level?: number | undefined;
}

/** Makes rewriters of one build, which share what they write. */
export type LayerRecompressor = (options: RecompressOptions) => LayerRewriter;

/** Bytes that a compressor gets at once, whatever pieces the old blob comes in: its output must not depend on those. */
const CHUNK_SIZE = 1024 * 1024;
const GIB = 1024 ** 3;
/** The levels of new layers. */
const LEVELS = { gzip: 4, zstd: 3 } as const;
const KINDS: Readonly<Record<Compression, LayerCompression>> = {
  gzip: 'gzip',
  zstd: 'zstd',
  uncompressed: 'none',
};

/**
 * Makes what compresses existing layers anew. The same layer gives the same bytes, whatever it was compressed with, and
 * is written once, whichever outputs of the build want it.
 *
 * The rewriters throw LayerError `LAYER_DIFF_ID_MISMATCH`, `LAYER_INVALID`, `LAYER_TOO_LARGE`, `LAYER_UNSUPPORTED`;
 * ContentError; `signal.reason` on abort.
 */
export function createLayerRecompressor(content: ContentReader & ContentIngester): LayerRecompressor {
  const made = new Map<string, Promise<Descriptor>>();
  return (options) => {
    const { compression, level } = options;
    return async (layer, abort) => {
      const isSo = layerCompression(layer.descriptor.mediaType) === KINDS[compression];
      if (isSo && (level === undefined || compression === 'uncompressed')) return layer;
      const key = `${layer.descriptor.digest} ${compression} ${level ?? ''}`;
      let written = made.get(key);
      if (written === undefined) {
        written = recompress(content, layer, options, abort);
        made.set(key, written);
        // Another output may try again: who stopped this one need not have stopped that.
        written.catch(() => made.delete(key));
      }
      return { descriptor: await written, diffId: layer.diffId };
    };
  };
}

async function recompress(
  content: ContentReader & ContentIngester,
  layer: Layer,
  { compression, level }: RecompressOptions,
  { signal }: AbortOptions,
): Promise<Descriptor> {
  const { digest } = layer.descriptor;
  const mediaType = layerType('oci', KINDS[compression]);
  const tar = tarOf(content, layer, { signal });
  const stream = compressor(compression, level);
  // Rejects for whatever went wrong on either side of the compressor, and only after that has been closed.
  const feeding = pipeline(tar, stream, { ...(signal === undefined ? {} : { signal }) });
  feeding.catch(() => {});
  try {
    const made = await content.ingest(mediaType, verified(stream, feeding), { signal });
    return made;
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(error, `layer ${digest}`);
  } finally {
    stream.destroy();
    await feeding.catch(() => {});
  }
}

/** All bytes of the compressor; ends well only when what it was fed ended well, so that no other blob becomes visible. */
async function* verified(stream: Transform, feeding: Promise<void>): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  await feeding;
}

/** The tar of a layer in chunks of equal size; fails at its end when it is not the one the diff id names. */
async function* tarOf(
  content: ContentReader,
  { descriptor, diffId }: Layer,
  { signal }: AbortOptions,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const limit = Math.min(
    DEFAULT_UNPACK_LIMITS.bytes,
    Math.max(GIB, descriptor.size * DEFAULT_UNPACK_LIMITS.ratio),
  );
  const source = bytesOf(content.open(descriptor.digest, { signal }));
  const { packing, bytes } = await sniffPacking(source);
  if (packing === 'bzip2' || packing === 'xz')
    throw new LayerError(`is compressed with ${packing}, which layers must not be`, {
      code: 'LAYER_UNSUPPORTED',
    });
  let size = 0;
  for await (const chunk of inChunks(decompress(bytes, packing))) {
    size += chunk.length;
    if (size > limit)
      throw new LayerError(`unpacks to more than ${limit} bytes`, { code: 'LAYER_TOO_LARGE' });
    hash.update(chunk);
    yield chunk;
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== diffId)
    throw new LayerError(`expected uncompressed content ${diffId}, got ${found}`, {
      code: 'LAYER_DIFF_ID_MISMATCH',
    });
}

async function* bytesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Copies: what comes in is lent until the next is asked for, and a stream keeps what it is given for longer. */
async function* inChunks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  let used = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      const size = bytes.copy(chunk, used, at);
      at += size;
      used += size;
      if (used < CHUNK_SIZE) continue;
      yield chunk;
      chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE);
      used = 0;
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}

function compressor(compression: Compression, level: number | undefined): Transform {
  switch (compression) {
    case 'uncompressed':
      return new PassThrough();
    case 'gzip':
      return createGzip({ level: level ?? LEVELS.gzip, chunkSize: CHUNK_SIZE });
    case 'zstd':
      return createZstdCompress({
        chunkSize: CHUNK_SIZE,
        params: {
          [constants.ZSTD_c_compressionLevel]: level ?? LEVELS.zstd,
          [constants.ZSTD_c_checksumFlag]: 1,
        },
      });
  }
}

function explained(error: unknown, what: string): unknown {
  if (error instanceof LayerError)
    return new LayerError(`${what}: ${error.message}`, { code: error.code, cause: error });
  if (isToolError(error)) return error;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD)/.test(code)
    ? new LayerError(`${what} is damaged: ${messageOf(error)}`, { code: 'LAYER_INVALID', cause: error })
    : error;
}
