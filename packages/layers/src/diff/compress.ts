// SPDX-License-Identifier: MIT
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, zstdCompress } from 'node:zlib';
import type { Compression } from '@img-build/interfaces';
import { freeMemory } from '../compression/free-memory.ts';

const deflateChunk = promisify<Buffer, object, Buffer>(deflateRaw);
const compressFrame = promisify<Buffer, object, Buffer>(zstdCompress);

/** A third less work than zlib's default for two per cent more bytes. */
const GZIP_LEVEL = 4;
const ZSTD_LEVEL = 3;
const WINDOW_SIZE = 32 * 1024;
/** Chunks per zstd frame: small frames compress worse. */
const FRAME_CHUNKS = 4;
/**
 * More than is added to what cannot be compressed. With room for the whole result, zlib makes one piece of it, where
 * pieces of 16 KiB would take a turn of pool and event loop each.
 */
const STORED_OVERHEAD = 16 * 1024;
/** As many as libuv's pool has threads. */
const IN_FLIGHT = 4;
/** No name, no time, unknown system, so that the bytes depend on the content alone. @see RFC 1952, section 2.3 */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * Compresses chunks in parallel on libuv's pool. The result depends on the chunk sizes, the level and Node's zlib, and
 * never on timing.
 *
 * @param chunks - each with memory of its own, which is freed.
 * @returns chunks that are lent until the next is asked for.
 */
export function compress(
  chunks: AsyncIterable<Buffer>,
  compression: Compression,
  level?: number,
): AsyncIterable<Buffer> {
  switch (compression) {
    case 'uncompressed':
      return chunks;
    case 'gzip':
      return gzip(chunks, level ?? GZIP_LEVEL);
    case 'zstd':
      return zstd(chunks, level ?? ZSTD_LEVEL);
  }
}

/** One gzip member: every chunk is deflated on its own, with the 32 KiB before it as its dictionary. */
async function* gzip(chunks: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  let sum = 0;
  let size = 0;
  let window: Buffer = Buffer.alloc(0);
  async function* parts(): AsyncGenerator<() => Promise<Buffer>> {
    for await (const chunk of chunks) {
      const dictionary = window;
      sum = crc32(chunk, sum);
      size += chunk.length;
      window = Buffer.concat([window, chunk.subarray(-WINDOW_SIZE)]).subarray(-WINDOW_SIZE);
      const options = {
        level,
        finishFlush: constants.Z_SYNC_FLUSH,
        chunkSize: chunk.length + STORED_OVERHEAD,
        ...(dictionary.length > 0 ? { dictionary } : {}),
      };
      yield async () => {
        const packed = await deflateChunk(chunk, options);
        freeMemory(chunk);
        return packed;
      };
    }
  }
  yield GZIP_HEADER;
  yield* inOrder(parts());
  // An empty last block, because what is the last chunk only shows when no more comes.
  const trailer = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  trailer.writeUInt32LE(sum, 2);
  trailer.writeUInt32LE(size % 2 ** 32, 6);
  yield trailer;
}

async function* zstd(chunks: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  const options = {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  };
  async function* frames(): AsyncGenerator<() => Promise<Buffer>> {
    let gathered: Buffer[] = [];
    const frame = (): (() => Promise<Buffer>) => {
      const chunks = gathered;
      gathered = [];
      return async () => {
        const content = Buffer.concat(chunks);
        for (const chunk of chunks) freeMemory(chunk);
        const packed = await compressFrame(content, {
          ...options,
          chunkSize: content.length + STORED_OVERHEAD,
        });
        freeMemory(content);
        return packed;
      };
    };
    for await (const chunk of chunks) {
      gathered.push(chunk);
      if (gathered.length === FRAME_CHUNKS) yield frame();
    }
    if (gathered.length > 0) yield frame();
  }
  yield* inOrder(frames());
}

/** Runs a few jobs at once and yields their results in the order of the jobs. */
async function* inOrder(jobs: AsyncIterable<() => Promise<Buffer>>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  try {
    for await (const job of jobs) {
      const result = job();
      // A failure is seen when its turn comes, or not at all when an earlier one ends everything.
      result.catch(() => {});
      running.push(result);
      if (running.length >= IN_FLIGHT) yield* lend(running.shift());
    }
    while (running.length > 0) yield* lend(running.shift());
  } finally {
    await Promise.allSettled(running);
  }
}

async function* lend(result: Promise<Buffer> | undefined): AsyncGenerator<Buffer> {
  const packed = await result;
  if (packed === undefined) return;
  yield packed;
  freeMemory(packed);
}
