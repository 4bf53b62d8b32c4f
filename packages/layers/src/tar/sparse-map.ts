// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';
import { BLOCK_SIZE } from './header-block.ts';
import { parseNumber } from './numeric-field.ts';
import { type PaxRecords, paxInteger } from './pax-records.ts';

/** Where a stretch of stored bytes belongs in the file. */
export interface SparseSegment {
  readonly offset: number;
  readonly length: number;
}

const RECORD_SIZE = 24;
const MAX_SEGMENTS = 65_536;

/** Reads the segments of a GNU sparse header (4 of them, at 386) or of a block that continues it (21, at 0). */
export function decodeOldSparse(
  block: Buffer,
  kind: 'header' | 'continuation',
): { readonly segments: SparseSegment[]; readonly more: boolean } {
  const [start, count, flag] = kind === 'header' ? [386, 4, 482] : [0, 21, 504];
  const segments: SparseSegment[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * RECORD_SIZE;
    if (block[at] === 0) break;
    segments.push({ offset: parseNumber(block, at, 12), length: parseNumber(block, at + 12, 12) });
  }
  return { segments, more: block[flag] !== 0 };
}

/** The map of GNU's pax formats 0.0 and 0.1, which lies in the extended header. 0.0 repeats keywords and loses all but the last. */
export function decodePaxSparse(records: PaxRecords): SparseSegment[] | undefined {
  const map = records.get('GNU.sparse.map');
  if (map === undefined) return undefined;
  const numbers = map === '' ? [] : map.split(',').map(Number);
  if (numbers.length % 2 !== 0 || numbers.some((number) => !Number.isSafeInteger(number) || number < 0)) {
    throw invalid('a sparse file has a malformed map');
  }
  return pairs(numbers);
}

/** Tells whether the map lies at the start of the content (pax format 1.0). */
export function hasInlineMap(records: PaxRecords): boolean {
  return paxInteger(records, 'GNU.sparse.major') === 1 && paxInteger(records, 'GNU.sparse.minor') === 0;
}

/** Decodes the map at the start of the content; undefined when it goes on in the next block. */
export function decodeInlineMap(bytes: Buffer): SparseSegment[] | undefined {
  const lines = bytes.toString('latin1').split('\n');
  const count = Number(lines[0]);
  if (lines.length < 2) {
    if (bytes.length > BLOCK_SIZE) throw invalid('a sparse file has a malformed map');
    return undefined;
  }
  if (!/^[0-9]+$/.test(lines[0] ?? '') || count > MAX_SEGMENTS)
    throw invalid('a sparse file has a malformed map');
  if (lines.length < 2 * count + 2) return undefined;
  const numbers = lines.slice(1, 2 * count + 1);
  if (!numbers.every((text) => /^[0-9]{1,15}$/.test(text)))
    throw invalid('a sparse file has a malformed map');
  return pairs(numbers.map(Number));
}

/** @throws LayerError `LAYER_INVALID` unless the segments ascend, fit the file and take `stored` bytes. */
export function verifySegments(segments: readonly SparseSegment[], size: number, stored: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of segments) {
    if (offset < end || length < 0 || offset + length > size)
      throw invalid('a sparse file has a malformed map');
    end = offset + length;
    total += length;
  }
  if (total !== stored || segments.length > MAX_SEGMENTS) throw invalid('a sparse file has a malformed map');
}

function pairs(numbers: readonly number[]): SparseSegment[] {
  const segments: SparseSegment[] = [];
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    segments.push({ offset: numbers[index] as number, length: numbers[index + 1] as number });
  }
  return segments;
}
