// SPDX-License-Identifier: MIT
import {
  type BigIntStats,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import type { AbortOptions, FileCalls, XattrCalls } from '@img-build/interfaces';
import { copyAttributes } from './copy-attributes.ts';
import { createPace } from './pace.ts';

const SLASH = Buffer.from('/');
const COPY = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
/** Bytes from which on a file is copied in the thread pool. */
const LARGE = 4n * 1024n * 1024n;

/**
 * Copies a folder exactly: owners, modes, extended attributes, times to the nanosecond, hard links, devices, names of any
 * bytes. Data is shared where the file system can (reflink). `target` must not exist or be an empty folder.
 */
export async function copyTree(
  host: FileCalls & XattrCalls,
  source: string,
  target: string,
  options: AbortOptions = {},
): Promise<void> {
  const pace = createPace(options);
  const links = new Map<bigint, Buffer>();

  async function copyFolder(from: Buffer, to: Buffer, stats: BigIntStats): Promise<void> {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(from, { encoding: 'buffer' })) {
      await pace();
      await copyEntry(Buffer.concat([from, SLASH, name]), Buffer.concat([to, SLASH, name]));
    }
    copyAttributes(host, from, to, stats);
  }

  async function copyEntry(from: Buffer, to: Buffer): Promise<void> {
    const stats = lstatSync(from, { bigint: true });
    if (stats.isDirectory()) return copyFolder(from, to, stats);
    if (stats.nlink > 1n) {
      const first = links.get(stats.ino);
      if (first !== undefined) return linkSync(first, to);
      links.set(stats.ino, to);
    }
    if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: 'buffer' }), to);
    else if (!stats.isFile()) makeNode(host, to, stats);
    else if (stats.size >= LARGE) await copyFile(from, to, COPY);
    else copyFileSync(from, to, COPY);
    copyAttributes(host, from, to, stats);
  }

  const root = Buffer.from(source);
  await copyFolder(root, Buffer.from(target), lstatSync(root, { bigint: true }));
}

function makeNode(host: FileCalls, path: Buffer, { mode, rdev }: BigIntStats): void {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  host.makeNode(path, Number(mode), Number(major), Number(minor & 0xffff_ffffn));
}
