// SPDX-License-Identifier: MIT
import { type BigIntStats, closeSync, constants, openSync, readlinkSync, readSync } from 'node:fs';
import type { HostCalls } from '@img-build/interfaces';
import { type ByteString, pathOf } from '../tar/byte-string.ts';
import { readXattrs } from '../tree/attributes.ts';
import type { Found } from '../tree/folder-stack.ts';

const COMPARE_SIZE = 256 * 1024;

/**
 * Tells whether two files differ in anything a layer keeps. Equal times prove nothing about the content (a build may set
 * them), so the content of files that agree in everything else is compared.
 *
 * @param breathe - called between pieces of work.
 */
export async function isSameFile(
  host: HostCalls,
  a: Found,
  b: Found,
  breathe: () => Promise<void> | undefined,
): Promise<boolean> {
  if (a.stat.ino === b.stat.ino && a.stat.dev === b.stat.dev) return true;
  if (!hasSameStat(a.stat, b.stat)) return false;
  if (a.stat.isSymbolicLink() && !linkOf(a).equals(linkOf(b))) return false;
  if (!haveSameXattrs(host, a.path, b.path)) return false;
  return !a.stat.isFile() || haveSameContent(a, b, breathe);
}

function hasSameStat(a: BigIntStats, b: BigIntStats): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.mtimeNs !== b.mtimeNs) return false;
  if (a.isCharacterDevice() || a.isBlockDevice()) return a.rdev === b.rdev;
  return !a.isFile() || a.size === b.size;
}

function linkOf({ path }: Found): Buffer {
  return readlinkSync(pathOf(path), { encoding: 'buffer' });
}

function haveSameXattrs(host: HostCalls, a: ByteString, b: ByteString): boolean {
  const [first, second] = [readXattrs(host, a), readXattrs(host, b)];
  if (first.size !== second.size) return false;
  return [...first].every(([name, value]) => {
    const other = second.get(name);
    return other !== undefined && Buffer.compare(value, other) === 0;
  });
}

async function haveSameContent(
  a: Found,
  b: Found,
  breathe: () => Promise<void> | undefined,
): Promise<boolean> {
  if (a.stat.size === 0n) return true;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const [first, second] = [Buffer.allocUnsafe(COMPARE_SIZE), Buffer.allocUnsafe(COMPARE_SIZE)];
  const firstFile = openSync(pathOf(a.path), flags);
  try {
    const secondFile = openSync(pathOf(b.path), flags);
    try {
      while (true) {
        const size = readFully(firstFile, first);
        if (size !== readFully(secondFile, second) || first.compare(second, 0, size, 0, size) !== 0)
          return false;
        if (size < COMPARE_SIZE) return true;
        await breathe();
      }
    } finally {
      closeSync(secondFile);
    }
  } finally {
    closeSync(firstFile);
  }
}

function readFully(file: number, into: Buffer): number {
  let size = 0;
  while (size < into.length) {
    const read = readSync(file, into, size, into.length - size, null);
    if (read === 0) break;
    size += read;
  }
  return size;
}
