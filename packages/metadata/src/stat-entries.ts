// SPDX-License-Identifier: MIT
import type { StampedDigest } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';

// Column after column, so that a folder of 20,000 files is decoded by a handful of bulk conversions:
// magic, count, bytes of paths (u32 each, and 4 bytes of padding) | size f64, modified i64, changed i64, inode u64,
// device u64 | sha256 | mode u32 | paths, NUL between them. Little endian like every machine this runs on; a row
// written by another one fails the check of the magic number.
const MAGIC = 0x31_43_54_53;
const HEADER = 16;
const ROW = 5 * 8 + 32 + 4;
const SHA256 = 'sha256:';

/** Packs the entries. Those whose digest is not sha256, or whose path holds a NUL, are left out: a cache may forget. */
export function encodeEntries(entries: ReadonlyMap<string, StampedDigest>): Uint8Array {
  const kept = [...entries].filter(
    ([path, { digest }]) => digest.length === 71 && digest.startsWith(SHA256) && !path.includes('\0'),
  );
  const count = kept.length;
  const paths = Buffer.from(kept.map(([path]) => path).join('\0'));
  const bytes = new Uint8Array(HEADER + count * ROW + paths.length);
  new Uint32Array(bytes.buffer, 0, 3).set([MAGIC, count, paths.length]);
  const { sizes, modified, changed, inodes, devices, digests, modes } = columnsOf(bytes, count);
  let hex = '';
  for (const [at, [, { stamp, digest }]] of kept.entries()) {
    sizes[at] = stamp.size;
    modified[at] = stamp.modified;
    changed[at] = stamp.changed;
    inodes[at] = stamp.inode;
    devices[at] = stamp.device;
    modes[at] = stamp.mode;
    hex += digest.slice(SHA256.length);
  }
  digests.set(Buffer.from(hex, 'hex'));
  bytes.set(paths, HEADER + count * ROW);
  return bytes;
}

/** Unpacks {@link encodeEntries}; anything else gives no entries. */
export function decodeEntries(stored: Uint8Array): ReadonlyMap<string, StampedDigest> {
  const entries = new Map<string, StampedDigest>();
  const bytes = stored.byteOffset % 8 === 0 ? stored : stored.slice();
  if (bytes.length < HEADER) return entries;
  const [magic, count, pathBytes] = new Uint32Array(bytes.buffer, bytes.byteOffset, 3) as unknown as [
    number,
    number,
    number,
  ];
  if (magic !== MAGIC || bytes.length !== HEADER + count * ROW + pathBytes || count === 0) return entries;

  const { sizes, modified, changed, inodes, devices, digests, modes } = columnsOf(bytes, count);
  const hex = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('hex');
  const paths = Buffer.from(bytes.buffer, bytes.byteOffset + HEADER + count * ROW, pathBytes)
    .toString()
    .split('\0');
  if (paths.length !== count) return entries;
  for (const [at, path] of paths.entries()) {
    const stamp = {
      size: sizes[at] as number,
      modified: modified[at] as bigint,
      changed: changed[at] as bigint,
      inode: inodes[at] as bigint,
      device: devices[at] as bigint,
      mode: modes[at] as number,
    };
    entries.set(path, { stamp, digest: `${SHA256}${hex.slice(at * 64, at * 64 + 64)}` as Digest });
  }
  return entries;
}

interface Columns {
  readonly sizes: Float64Array;
  readonly modified: BigInt64Array;
  readonly changed: BigInt64Array;
  readonly inodes: BigUint64Array;
  readonly devices: BigUint64Array;
  readonly digests: Uint8Array;
  readonly modes: Uint32Array;
}

function columnsOf(bytes: Uint8Array, count: number): Columns {
  const { buffer } = bytes;
  const column = (index: number): number => bytes.byteOffset + HEADER + index * 8 * count;
  return {
    sizes: new Float64Array(buffer, column(0), count),
    modified: new BigInt64Array(buffer, column(1), count),
    changed: new BigInt64Array(buffer, column(2), count),
    inodes: new BigUint64Array(buffer, column(3), count),
    devices: new BigUint64Array(buffer, column(4), count),
    digests: new Uint8Array(buffer, column(5), 32 * count),
    modes: new Uint32Array(buffer, column(9), count),
  };
}
