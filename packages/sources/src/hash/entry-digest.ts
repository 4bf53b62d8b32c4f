// SPDX-License-Identifier: MIT
import { createHash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AbortOptions, XattrCalls } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { TreeEntry } from '../tree/file-tree.ts';

/** Reads extended attributes. */
export type XattrReader = Pick<XattrCalls, 'getXattr' | 'listXattr'>;

/** Files up to this many bytes are read whole. */
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
 * @see BuildKit, cache/contenthash/tarsum.go
 */
export function entryDigest(entry: TreeEntry, xattrs?: XattrReader): Digest {
  const header = headerOf(entry, xattrs);
  if (!hasData(entry)) return `sha256:${hash('sha256', header, 'hex')}`;
  return `sha256:${createHash('sha256').update(header).update(readFileSync(entry.systemPath)).digest('hex')}`;
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
