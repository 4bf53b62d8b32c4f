// SPDX-License-Identifier: MIT
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { createBreather } from '../breathe.ts';
import { LayerError } from '../layer-error.ts';
import { type ByteString, pathOf, textOf } from './byte-string.ts';
import { encodeHeader, paddingOf } from './encode-header.ts';
import type { TarHeader } from './tar-header.ts';

/** Size of all chunks but the last. */
export const PACK_CHUNK_SIZE: number = 1024 * 1024;
const TRAILER_SIZE = 1024;

/** An entry to write. */
export interface PackEntry {
  readonly header: TarHeader;
  /** The file whose `header.size` bytes are the content; none for what has no content. */
  readonly content: ByteString | undefined;
}

/**
 * Writes a tar stream in chunks of exactly {@link PACK_CHUNK_SIZE} and a shorter last one, with two zero blocks at the
 * end and no further padding. Each chunk has memory of its own.
 *
 * @throws LayerError `LAYER_SOURCE_CHANGED` when a file is shorter than stated
 */
export async function* packEntries(
  entries: Iterable<PackEntry>,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const breathe = createBreather(signal);
  let chunk = Buffer.allocUnsafeSlow(PACK_CHUNK_SIZE);
  let used = 0;

  /** Copies as much as fits, yields when the chunk is full. */
  function* put(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(bytes.length - at, PACK_CHUNK_SIZE - used);
      bytes.copy(chunk, used, at, at + size);
      used += size;
      at += size;
      if (used === PACK_CHUNK_SIZE) yield turn();
    }
  }
  const turn = (): Buffer => {
    const full = chunk;
    chunk = Buffer.allocUnsafeSlow(PACK_CHUNK_SIZE);
    used = 0;
    return full;
  };
  function* putFile(path: ByteString, length: number): Generator<Buffer> {
    const fd = openSync(pathOf(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      for (let left = length; left > 0; ) {
        const size = readSync(fd, chunk, used, Math.min(left, PACK_CHUNK_SIZE - used), null);
        if (size === 0)
          throw new LayerError(`${textOf(path)} became shorter while it was read`, {
            code: 'LAYER_SOURCE_CHANGED',
          });
        used += size;
        left -= size;
        if (used === PACK_CHUNK_SIZE) yield turn();
      }
    } finally {
      closeSync(fd);
    }
  }

  for (const { header, content } of entries) {
    yield* put(encodeHeader(header));
    if (content !== undefined && header.size > 0) {
      for (const full of putFile(content, header.size)) {
        yield full;
        await breathe();
      }
      yield* put(Buffer.alloc(paddingOf(header.size)));
    }
    await breathe();
  }
  yield* put(Buffer.alloc(TRAILER_SIZE));
  if (used > 0) yield chunk.subarray(0, used);
}
