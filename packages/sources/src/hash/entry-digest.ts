// SPDX-License-Identifier: MIT
import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AbortOptions, XattrCalls } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { TreeEntry } from '../tree/file-tree.ts';

/** Reads extended attributes. */
export type XattrReader = Pick<XattrCalls, 'getXattr' | 'listXattr'>;

/** Files up to this many bytes are read in one piece. */
export const SMALL_FILE_BYTES: number = 1024 * 1024;

const CHUNK_BYTES = 1024 * 1024;
const HASHED_SECURITY_ATTRIBUTE = 'security.capability';
const TYPE_FLAGS = {
  file: '0',
  socket: '0',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;

/**
 * The digest of one entry: BuildKit's tarsum header, then a file's bytes. A folder's is that of its header alone.
 *
 * @param buffer - what files are read into; whoever digests many files brings one for all.
 * @see BuildKit, cache/contenthash/tarsum.go
 */
export function entryDigest(entry: TreeEntry, xattrs?: XattrReader, buffer?: Buffer): Digest {
  const header = headerOf(entry, xattrs);
  if (!hasData(entry)) return `sha256:${hash('sha256', header, 'hex')}`;
  const sum = createHash('sha256').update(header);
  addFile(sum, entry.systemPath, buffer ?? readBuffer(Number(entry.stats.size)));
  return `sha256:${sum.digest('hex')}`;
}

/** A buffer that takes files of so many bytes in one piece. */
export function readBuffer(size: number = SMALL_FILE_BYTES): Buffer {
  // One byte more than the file has: a read that leaves it empty has seen the end.
  return Buffer.allocUnsafeSlow(Math.min(size, CHUNK_BYTES) + 1);
}

function addFile(sum: Hash, path: string | Buffer, buffer: Buffer): void {
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const bytesRead = readSync(fd, buffer, 0, buffer.length, null);
      sum.update(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead));
      if (bytesRead < buffer.length) return;
    }
  } finally {
    closeSync(fd);
  }
}

/** {@link entryDigest} of a large file: reads in chunks, so that memory stays bounded and other work goes on. */
export async function streamedEntryDigest(
  entry: TreeEntry,
  xattrs?: XattrReader,
  options: AbortOptions = {},
): Promise<Digest> {
  const hasher = createHash('sha256').update(headerOf(entry, xattrs));
  const file = await open(entry.systemPath);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      hasher.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return `sha256:${hasher.digest('hex')}`;
}

/** Tells whether an entry has bytes to read. */
export function hasData(entry: TreeEntry): boolean {
  return entry.kind === 'file' && entry.stats.size > 0n;
}

function headerOf(entry: TreeEntry, xattrs: XattrReader | undefined): Buffer {
  const { kind, stats } = entry;
  const mode = kind === 'symlink' ? 0o777 : Number(stats.mode & 0o7777n);
  const size = kind === 'file' ? stats.size : 0n;
  const isDevice = kind === 'character-device' || kind === 'block-device';
  const [major, minor] = isDevice ? deviceNumbers(stats.rdev) : [0n, 0n];
  const header = Buffer.from(
    `namemode${mode}uid${entry.uid}gid${entry.gid}size${size}typeflag${TYPE_FLAGS[kind]}` +
      `linkname${kind === 'symlink' ? entry.target : ''}unamegnamedevmajor${major}devminor${minor}`,
    'latin1',
  );
  return xattrs === undefined ? header : Buffer.concat([header, ...attributesOf(entry, xattrs)]);
}

/** Names and values in the order of the names' bytes; what the kernel or a host's policy sets is left out. */
function attributesOf(entry: TreeEntry, xattrs: XattrReader): readonly Uint8Array[] {
  const names = xattrs.listXattr(entry.systemPath).filter(isHashed).sort();
  return names.flatMap((name) => {
    const value = xattrs.getXattr(entry.systemPath, name);
    return value === undefined ? [] : [Buffer.from(name, 'utf8'), value];
  });
}

function isHashed(name: string): boolean {
  if (name === HASHED_SECURITY_ATTRIBUTE) return true;
  // user.overlay.* and trusted.overlay.* are a snapshotter's bookkeeping, no part of the image.
  return !/^(?:security|system|com\.apple|user\.overlay|trusted\.overlay|user\.fuseoverlayfs)\./.test(name);
}

function deviceNumbers(device: bigint): readonly [bigint, bigint] {
  return [
    ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n),
    (device & 0xffn) | ((device >> 12n) & 0xffffff00n),
  ];
}
