// SPDX-License-Identifier: MIT
import type { Compression } from '@img-build/interfaces';

/** What layers can be compressed with. */
export const COMPRESSIONS: readonly Compression[] = ['gzip', 'zstd', 'uncompressed'];

const HIGHEST: Readonly<Record<Compression, number>> = { gzip: 9, zstd: 22, uncompressed: 22 };

/** Reads a `compression-level`; a text in place of a number is what is wrong with it. */
export function readLevel(text: string, compression: Compression = 'gzip'): number | string {
  if (!/^\d{1,2}$/.test(text)) return `invalid compression-level ${JSON.stringify(text)}: it is a number`;
  const level = Number(text);
  const highest = HIGHEST[compression];
  return level <= highest
    ? level
    : `invalid compression-level ${JSON.stringify(text)}: ${compression} has the levels 0 to ${highest}`;
}
