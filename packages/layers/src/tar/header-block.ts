// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';
import type { ByteString } from './byte-string.ts';
import { parseNumber } from './numeric-field.ts';

/** Bytes of a header, and what every entry's content is padded to. */
export const BLOCK_SIZE = 512;

/** The fields of one header block as they stand there. */
export interface HeaderBlock {
  readonly name: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the Unix epoch. */
  readonly modified: number;
  readonly typeFlag: string;
  readonly linkName: ByteString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** Tells whether a block is all zeros, which marks the end of an archive. */
export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < BLOCK_SIZE; at++) if (block[at] !== 0) return false;
  return true;
}

/**
 * Decodes a header block of any tar dialect: v7, ustar, star or GNU.
 *
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 * @throws LayerError `LAYER_INVALID`
 */
export function decodeHeaderBlock(block: Buffer): HeaderBlock {
  verifyChecksum(block);
  const magic = block.toString('latin1', 257, 265);
  const ustar = magic.startsWith('ustar\0');
  const hasDevices = ustar || magic === 'ustar  \0';
  const typeFlag = String.fromCharCode(block[156] as number);
  const isDevice = hasDevices && (typeFlag === '3' || typeFlag === '4');
  const name = cString(block, 0, 100);
  const prefix = ustar ? cString(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: parseNumber(block, 100, 8) & 0o7777,
    uid: parseNumber(block, 108, 8),
    gid: parseNumber(block, 116, 8),
    size: parseNumber(block, 124, 12),
    modified: parseNumber(block, 136, 12),
    typeFlag,
    linkName: block[157] === 0 ? '' : cString(block, 157, 100),
    deviceMajor: isDevice ? parseNumber(block, 329, 8) : 0,
    deviceMinor: isDevice ? parseNumber(block, 337, 8) : 0,
  };
}

/** Text up to the first NUL. */
export function cString(block: Buffer, start: number, length: number): ByteString {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return block.toString('latin1', start, end);
}

/** Some writers summed signed bytes, so both sums are accepted. */
function verifyChecksum(block: Buffer): void {
  const stated = parseNumber(block, 148, 8);
  let unsigned = 8 * 0x20;
  let high = 0;
  for (let at = 0; at < BLOCK_SIZE; at++) {
    if (at === 148) at = 156;
    const byte = block[at] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  if (stated !== unsigned && stated !== unsigned - 256 * high)
    throw invalid('a tar header has a wrong checksum');
}
