// SPDX-License-Identifier: MIT
import { type BigIntStats, readlinkSync } from 'node:fs';
import type { HostCalls, Timespec } from '@img-build/interfaces';
import { type ByteString, pathOf } from '../tar/byte-string.ts';
import type { PackEntry } from '../tar/pack-entries.ts';
import { NO_XATTRS, type TarEntryType } from '../tar/tar-header.ts';
import { readXattrs, timespecOf } from './attributes.ts';

/** What a file is in tar's terms; undefined for a socket, which no archive can hold. */
export function entryTypeOf(stat: BigIntStats): TarEntryType | undefined {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character-device';
  if (stat.isBlockDevice()) return 'block-device';
  return stat.isFIFO() ? 'fifo' : undefined;
}

export function deviceMajor(rdev: bigint): number {
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n));
}

export function deviceMinor(rdev: bigint): number {
  return Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n));
}

/** Says which time an entry gets for a file's time. */
export type TimeRule = (modified: Timespec) => Timespec;

/** Remembers the first name of every file that has several, so that the others become hardlinks to it. */
export class LinkNames {
  readonly #first = new Map<string, ByteString>();

  /** The name to link to; undefined for the first name of a file. */
  target(stat: BigIntStats, name: ByteString): ByteString | undefined {
    if (stat.nlink < 2n || stat.isDirectory()) return undefined;
    const key = inodeKey(stat);
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, name);
    return first;
  }
}

/** Names a file among all of a system. */
export function inodeKey(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/** The tar entry of an existing file; undefined for a socket. */
export function entryOf(
  host: HostCalls,
  file: { readonly path: ByteString; readonly stat: BigIntStats },
  name: ByteString,
  links: LinkNames,
  time: TimeRule,
): PackEntry | undefined {
  const { path, stat } = file;
  const type = entryTypeOf(stat);
  if (type === undefined) return undefined;
  const target = links.target(stat, name);
  const isDevice = type === 'character-device' || type === 'block-device';
  return {
    header: {
      name: type === 'directory' ? `${name}/` : name,
      type: target === undefined ? type : 'hardlink',
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      size: type === 'file' && target === undefined ? Number(stat.size) : 0,
      modified: time(timespecOf(stat.mtimeNs)),
      linkName: target ?? (type === 'symlink' ? readlinkSync(pathOf(path), { encoding: 'latin1' }) : ''),
      deviceMajor: isDevice && target === undefined ? deviceMajor(stat.rdev) : 0,
      deviceMinor: isDevice && target === undefined ? deviceMinor(stat.rdev) : 0,
      xattrs: target === undefined ? readXattrs(host, path) : NO_XATTRS,
      sparse: false,
    },
    content: type === 'file' && target === undefined ? path : undefined,
  };
}
