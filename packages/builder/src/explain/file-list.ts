// SPDX-License-Identifier: MIT
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { FileDigest } from '@img-build/interfaces';

/** Files that a step read, by the number of the input: the beginning of each digest by path. */
export type FileLists = ReadonlyMap<number, ReadonlyMap<string, string>>;

/** Bytes of a digest that are kept: enough to see that a file has changed. */
const KEPT_BYTES = 6;
/** Entries of all inputs of one step that are kept; beyond, it is only known that something has changed. */
const MAX_ENTRIES = 200_000;
/** Bytes of an unpacked list that is believed. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The list of one input. */
export function fileList(files: readonly FileDigest[]): ReadonlyMap<string, string> {
  const hex = KEPT_BYTES * 2;
  return new Map(
    files.map(({ path, digest }) => {
      const from = digest.indexOf(':') + 1;
      return [path, digest.slice(from, from + hex)];
    }),
  );
}

/** Packs the lists; `undefined` when there are none, or too many files. */
export function encodeFileLists(lists: FileLists): Uint8Array | undefined {
  const count = [...lists.values()].reduce((sum, { size }) => sum + size, 0);
  if (count === 0 || count > MAX_ENTRIES) return undefined;
  const document = [...lists].map(([input, files]) => [
    input,
    [...files.keys()].join('\0'),
    Buffer.from([...files.values()].join(''), 'hex').toString('base64'),
  ]);
  return zstdCompressSync(JSON.stringify(document));
}

/** Unpacks {@link encodeFileLists}; anything else gives no lists. */
export function decodeFileLists(packed: Uint8Array | undefined): FileLists {
  const lists = new Map<number, ReadonlyMap<string, string>>();
  if (packed === undefined) return lists;
  try {
    const text = zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }).toString();
    for (const [input, names, digests] of JSON.parse(text) as [number, string, string][])
      lists.set(input, unpacked(names.split('\0'), Buffer.from(digests, 'base64').toString('hex')));
  } catch {
    return new Map();
  }
  return lists;
}

function unpacked(names: readonly string[], hex: string): ReadonlyMap<string, string> {
  const width = KEPT_BYTES * 2;
  return new Map(names.map((name, at) => [name, hex.slice(at * width, (at + 1) * width)]));
}
