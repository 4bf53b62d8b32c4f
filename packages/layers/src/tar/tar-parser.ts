// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';
import { type ByteString, textOf } from './byte-string.ts';
import { resolveHeader } from './entry-header.ts';
import { BLOCK_SIZE, cString, decodeHeaderBlock, type HeaderBlock, isZeroBlock } from './header-block.ts';
import { parseNumber } from './numeric-field.ts';
import { decodePaxRecords, type PaxRecords, paxInteger } from './pax-records.ts';
import {
  decodeInlineMap,
  decodeOldSparse,
  decodePaxSparse,
  hasInlineMap,
  type SparseSegment,
  verifySegments,
} from './sparse-map.ts';
import type { TarHeader, TarSink } from './tar-header.ts';

/** Longest extended header, long name or sparse map, in bytes. */
const MAX_META_SIZE = 1024 * 1024;
const NO_RECORDS: PaxRecords = new Map();

/** What the bytes to come are. */
type State = 'header' | 'sparse-continuation' | 'meta' | 'sparse-map' | 'content' | 'padding' | 'done';

/**
 * Reads a tar stream of any common dialect (v7, ustar, pax with global headers, GNU with long names and sparse files)
 * chunk by chunk, and tells a sink what is in it. Everything happens inside `write`; nothing is kept of a chunk.
 */
export class TarParser {
  readonly #sink: TarSink;
  #state: State = 'header';
  readonly #partial = Buffer.alloc(BLOCK_SIZE);
  #partialSize = 0;
  /** Bytes of meta or content still to come, and of the padding after them. */
  #left = 0;
  #padding = 0;
  #zeroBlocks = 0;

  #globals: PaxRecords = NO_RECORDS;
  #records: PaxRecords = NO_RECORDS;
  #longName: ByteString | undefined;
  #longLink: ByteString | undefined;
  #meta = Buffer.alloc(0);
  #metaSize = 0;
  #metaType = '';

  #header: TarHeader | undefined;
  #segments: SparseSegment[] | undefined;
  #segment = 0;
  #position = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** @throws LayerError `LAYER_INVALID`, `LAYER_UNSUPPORTED`, and whatever the sink throws */
  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const available = chunk.length - at;
      switch (this.#state) {
        case 'header':
        case 'sparse-continuation':
        case 'sparse-map':
          at += this.#takeBlock(chunk, at);
          break;
        case 'meta': {
          const size = Math.min(available, this.#left);
          chunk.copy(this.#meta, this.#metaSize, at, at + size);
          this.#metaSize += size;
          at += this.#advance(size);
          break;
        }
        case 'content': {
          const size = Math.min(available, this.#left);
          this.#deliver(chunk.subarray(at, at + size));
          at += this.#advance(size);
          break;
        }
        case 'padding': {
          const size = Math.min(available, this.#padding);
          this.#padding -= size;
          at += size;
          if (this.#padding === 0) this.#state = 'header';
          break;
        }
        case 'done':
          return;
      }
    }
  }

  /** The stream is over. @throws LayerError `LAYER_INVALID` when it ends inside an entry */
  end(): void {
    const pending =
      this.#state !== 'done' && (this.#state !== 'header' || this.#partialSize > 0 || this.#records.size > 0);
    if (pending) throw invalid('the tar stream ends in the middle of an entry');
  }

  /** Collects one block; returns the bytes taken. */
  #takeBlock(chunk: Buffer, at: number): number {
    if (this.#partialSize === 0 && chunk.length - at >= BLOCK_SIZE) {
      this.#onBlock(chunk.subarray(at, at + BLOCK_SIZE));
      return BLOCK_SIZE;
    }
    const size = Math.min(chunk.length - at, BLOCK_SIZE - this.#partialSize);
    chunk.copy(this.#partial, this.#partialSize, at, at + size);
    this.#partialSize += size;
    if (this.#partialSize === BLOCK_SIZE) {
      this.#partialSize = 0;
      this.#onBlock(this.#partial);
    }
    return size;
  }

  #onBlock(block: Buffer): void {
    if (this.#state === 'sparse-map') this.#onMapBlock(block);
    else if (this.#state === 'sparse-continuation') this.#onContinuation(block);
    else if (isZeroBlock(block)) this.#onZeroBlock();
    else this.#onHeader(block);
  }

  #onZeroBlock(): void {
    this.#zeroBlocks++;
    if (this.#zeroBlocks === 2) this.#state = 'done';
  }

  #onHeader(block: Buffer): void {
    if (this.#zeroBlocks > 0) throw invalid('the tar stream goes on after its end mark');
    const fields = decodeHeaderBlock(block);
    switch (fields.typeFlag) {
      case 'x':
      case 'X':
      case 'g':
      case 'L':
      case 'K':
        this.#startMeta(fields);
        break;
      case 'V':
        this.#forgetExtensions();
        this.#startBody(fields.size);
        break;
      default:
        this.#startEntry(fields, block);
    }
  }

  #startMeta(fields: HeaderBlock): void {
    if (fields.size < 0 || fields.size > MAX_META_SIZE) throw invalid('a tar extension header is too large');
    this.#metaType = fields.typeFlag;
    this.#meta = Buffer.alloc(fields.size);
    this.#metaSize = 0;
    this.#startBody(fields.size);
    if (fields.size === 0) this.#endMeta();
    else this.#state = 'meta';
  }

  #endMeta(): void {
    switch (this.#metaType) {
      case 'L':
        this.#longName = cString(this.#meta, 0, this.#meta.length);
        break;
      case 'K':
        this.#longLink = cString(this.#meta, 0, this.#meta.length);
        break;
      case 'g':
        this.#globals = new Map([...this.#globals, ...decodePaxRecords(this.#meta)]);
        break;
      default:
        this.#records = new Map([...this.#records, ...decodePaxRecords(this.#meta)]);
    }
    this.#meta = Buffer.alloc(0);
  }

  #startEntry(fields: HeaderBlock, block: Buffer): void {
    const records = this.#globals.size === 0 ? this.#records : new Map([...this.#globals, ...this.#records]);
    const header = resolveHeader(fields, { records, longName: this.#longName, longLink: this.#longLink });
    this.#forgetExtensions();
    this.#header = header;
    this.#segments = undefined;
    this.#segment = 0;
    this.#position = 0;
    this.#startBody(header.size);
    if (fields.typeFlag === 'S') this.#startOldSparse(header, block);
    else if (records.size > 0 && header.type === 'file') this.#startPaxSparse(header, records);
    else this.#announce();
  }

  #startOldSparse(header: TarHeader, block: Buffer): void {
    const { segments, more } = decodeOldSparse(block, 'header');
    this.#header = { ...header, size: parseNumber(block, 483, 12), sparse: true };
    this.#segments = segments;
    if (more) this.#state = 'sparse-continuation';
    else this.#announce();
  }

  #onContinuation(block: Buffer): void {
    const { segments, more } = decodeOldSparse(block, 'continuation');
    this.#segments?.push(...segments);
    if ((this.#segments?.length ?? 0) * 24 > MAX_META_SIZE)
      throw invalid('a sparse file has too many segments');
    if (more) return;
    this.#startBody(this.#left);
    this.#announce();
  }

  #startPaxSparse(header: TarHeader, records: PaxRecords): void {
    const size = paxInteger(records, 'GNU.sparse.realsize') ?? paxInteger(records, 'GNU.sparse.size');
    if (size === undefined) {
      this.#announce();
      return;
    }
    if (size < 0) throw invalid(`${textOf(header.name)} has a negative size`);
    this.#header = { ...header, size, sparse: true };
    if (hasInlineMap(records)) {
      this.#meta = Buffer.alloc(0);
      this.#state = 'sparse-map';
      if (this.#left < BLOCK_SIZE) throw invalid('a sparse file has no map');
      return;
    }
    this.#segments = decodePaxSparse(records);
    if (this.#segments === undefined) throw invalid(`${textOf(header.name)} is a sparse file without a map`);
    this.#announce();
  }

  #onMapBlock(block: Buffer): void {
    this.#meta = Buffer.concat([this.#meta, block]);
    this.#left -= BLOCK_SIZE;
    if (this.#left < 0 || this.#meta.length > MAX_META_SIZE)
      throw invalid('a sparse file has a malformed map');
    this.#segments = decodeInlineMap(this.#meta);
    if (this.#segments === undefined) return;
    this.#meta = Buffer.alloc(0);
    this.#startBody(this.#left);
    this.#announce();
  }

  #announce(): void {
    const header = this.#header as TarHeader;
    if (this.#segments !== undefined) verifySegments(this.#segments, header.size, this.#left);
    this.#sink.entry(header);
    if (this.#left === 0) this.#endEntry();
  }

  #deliver(bytes: Buffer): void {
    if (this.#header === undefined) return;
    if (this.#segments === undefined) {
      this.#sink.content(bytes, this.#position);
      this.#position += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      const { offset, length } = this.#segments[this.#segment] as SparseSegment;
      const size = Math.min(length - this.#position, bytes.length - at);
      if (size > 0) this.#sink.content(bytes.subarray(at, at + size), offset + this.#position);
      at += size;
      this.#position += size;
      if (this.#position < length) continue;
      this.#segment++;
      this.#position = 0;
    }
  }

  #startBody(size: number): void {
    this.#left = size;
    this.#padding = (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
    this.#state = size > 0 ? 'content' : 'header';
  }

  #advance(size: number): number {
    this.#left -= size;
    if (this.#left === 0) {
      if (this.#state === 'meta') this.#endMeta();
      else this.#endEntry();
      this.#state = this.#padding > 0 ? 'padding' : 'header';
    }
    return size;
  }

  #endEntry(): void {
    if (this.#header === undefined) return;
    this.#header = undefined;
    this.#sink.end();
  }

  #forgetExtensions(): void {
    this.#records = NO_RECORDS;
    this.#longName = undefined;
    this.#longLink = undefined;
  }
}
