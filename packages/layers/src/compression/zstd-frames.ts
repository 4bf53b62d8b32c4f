// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_SIZES = [0, 1, 2, 4];
const CONTENT_SIZES = [0, 2, 4, 8];

/**
 * Cuts a zstd stream where its frames end. Node's decompressor takes the end of the first frame for the end of the
 * stream when more bytes follow in the same write; with a write per frame it reads them all. Skippable frames are dropped.
 *
 * @see RFC 8878, sections 3.1.1 and 3.1.2
 * @throws LayerError `LAYER_INVALID`
 */
export async function* splitFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const scanner = new FrameScanner();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const { end, keep } = scanner.scan(chunk, at);
      if (keep !== undefined)
        yield keep.length === 0 ? chunk.subarray(at, end) : Buffer.concat([keep, chunk.subarray(at, end)]);
      at = end;
    }
  }
  if (!scanner.atFrameEnd) throw invalid('the zstd stream is truncated');
}

/** What the next bytes are: a part whose length is known once the part before it was read. */
type Part =
  | 'magic'
  | 'descriptor'
  | 'header'
  | 'skip-size'
  | 'skip-data'
  | 'block-header'
  | 'block-data'
  | 'checksum';

class FrameScanner {
  #part: Part = 'magic';
  #need = 4;
  #lead = Buffer.alloc(4);
  #have = 0;
  #hasChecksum = false;
  #lastBlock = false;
  /** Bytes of a magic number seen in an earlier chunk and not passed on yet. */
  #held = Buffer.alloc(0);

  get atFrameEnd(): boolean {
    return this.#part === 'magic' && this.#have === 0;
  }

  /** Goes up to the end of the frame or chunk. `keep`: pass these bytes on, after the held ones; undefined: drop them. */
  scan(chunk: Buffer, start: number): { readonly end: number; readonly keep: Buffer | undefined } {
    let at = start;
    const wasSkipping = this.#part === 'skip-data' || this.#part === 'skip-size';
    while (at < chunk.length) {
      const size = Math.min(this.#need - this.#have, chunk.length - at);
      if (this.#need <= 4) chunk.copy(this.#lead, this.#have, at, at + size);
      this.#have += size;
      at += size;
      if (this.#have < this.#need) break;
      const before = this.#part;
      this.#next();
      if (this.#part === 'magic' && before !== 'magic') break;
      if (this.#part === 'skip-size' && before === 'magic') {
        this.#held = Buffer.alloc(0);
        return { end: at, keep: undefined };
      }
    }
    if (wasSkipping) return { end: at, keep: undefined };
    if (this.#part === 'magic' && this.#have > 0) {
      this.#held = Buffer.concat([this.#held, chunk.subarray(start, at)]);
      return { end: at, keep: undefined };
    }
    const keep = this.#held;
    this.#held = Buffer.alloc(0);
    return { end: at, keep };
  }

  #next(): void {
    this.#have = 0;
    switch (this.#part) {
      case 'magic':
        this.#startFrame(this.#lead.readUInt32LE(0));
        break;
      case 'descriptor':
        this.#describe(this.#lead[0] as number);
        break;
      case 'header':
        this.#expect('block-header', 3);
        break;
      case 'skip-size':
        this.#expect('skip-data', this.#lead.readUInt32LE(0));
        break;
      case 'block-header':
        this.#startBlock(this.#lead.readUIntLE(0, 3));
        break;
      case 'block-data':
        if (!this.#lastBlock) this.#expect('block-header', 3);
        else if (this.#hasChecksum) this.#expect('checksum', 4);
        else this.#expect('magic', 4);
        break;
      default:
        this.#expect('magic', 4);
    }
  }

  #startFrame(magic: number): void {
    if (magic === FRAME_MAGIC) this.#expect('descriptor', 1);
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) this.#expect('skip-size', 4);
    else throw invalid('the zstd stream is damaged: a frame has no magic number');
  }

  #describe(descriptor: number): void {
    const single = (descriptor & 0x20) !== 0;
    const content = CONTENT_SIZES[descriptor >> 6] as number;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    this.#expect(
      'header',
      (DICTIONARY_SIZES[descriptor & 3] as number) + (single ? content || 1 : content + 1),
    );
  }

  #startBlock(header: number): void {
    this.#lastBlock = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === 3) throw invalid('the zstd stream is damaged: a block has a reserved type');
    this.#expect('block-data', type === 1 ? 1 : header >> 3);
  }

  /** A part without bytes is over at once. */
  #expect(part: Part, need: number): void {
    this.#part = part;
    this.#need = need;
    if (need === 0) this.#next();
  }
}
