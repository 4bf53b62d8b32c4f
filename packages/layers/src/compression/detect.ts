// SPDX-License-Identifier: MIT

/** What a stream is packed with. */
export type Packing = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** Bytes that {@link detectPacking} wants to see. */
export const MAGIC_SIZE = 6;

const MAGICS: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** Tells by its first bytes what a stream is packed with; what it is called does not matter. */
export function detectPacking(start: Uint8Array): Packing {
  const found = MAGICS.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  if (found !== undefined) return found[0];
  // A zstd stream may begin with a skippable frame.
  const skippable =
    ((start[0] ?? 0) & 0xf0) === 0x50 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18;
  return skippable ? 'zstd' : 'none';
}

/** Reads ahead just enough to detect the packing, and returns the stream with those bytes back in it. */
export async function sniffPacking(
  source: AsyncIterable<Buffer>,
): Promise<{ readonly packing: Packing; readonly bytes: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: Buffer[] = [];
  let size = 0;
  while (size < MAGIC_SIZE) {
    const item = await iterator.next();
    if (item.done === true) break;
    seen.push(item.value);
    size += item.value.length;
  }
  async function* rest(): AsyncGenerator<Buffer> {
    try {
      yield* seen;
      for (let item = await iterator.next(); item.done !== true; item = await iterator.next())
        yield item.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { packing: detectPacking(Buffer.concat(seen)), bytes: rest() };
}
