// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** Reads a number of a header block: octal text, or GNU's base-256 when the first bit is set. */
export function parseNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] as number;
  if (first >= 0x80) return parseBase256(block, start, length);
  let at = start;
  const end = start + length;
  while (at < end && (block[at] === SPACE || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] as number;
    if (byte === SPACE || byte === 0) break;
    if (byte < ZERO || byte > SEVEN) throw invalid('a tar header has a number that is not octal');
    value = value * 8 + (byte - ZERO);
  }
  if (!Number.isSafeInteger(value)) throw invalid('a tar header has a number that is too large');
  return value;
}

function parseBase256(block: Buffer, start: number, length: number): number {
  const negative = ((block[start] as number) & 0x40) !== 0;
  let value = BigInt((block[start] as number) & 0x3f);
  for (let at = start + 1; at < start + length; at++) value = (value << 8n) | BigInt(block[at] as number);
  if (negative) value -= 1n << BigInt(length * 8 - 2);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalid('a tar header has a number that is too large');
  return number;
}
