// SPDX-License-Identifier: MIT
import { invalid, LayerError } from '../layer-error.ts';
import { type ByteString, textOf } from './byte-string.ts';
import type { HeaderBlock } from './header-block.ts';
import { type PaxRecords, paxInteger, paxTime } from './pax-records.ts';
import { NO_XATTRS, type TarEntryType, type TarHeader } from './tar-header.ts';

const XATTR_PREFIX = 'SCHILY.xattr.';

/** What stood before a header and changes its meaning. */
export interface Extensions {
  readonly records: PaxRecords;
  /** From GNU's `L` and `K` entries. */
  readonly longName: ByteString | undefined;
  readonly longLink: ByteString | undefined;
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/**
 * Joins a header block with its extensions.
 *
 * @throws LayerError `LAYER_INVALID`, `LAYER_UNSUPPORTED` (an entry type of no known dialect)
 */
export function resolveHeader(block: HeaderBlock, { records, longName, longLink }: Extensions): TarHeader {
  const name = text(records, 'GNU.sparse.name') ?? text(records, 'path') ?? longName ?? block.name;
  const type = entryType(block.typeFlag, name);
  const size = paxInteger(records, 'size') ?? block.size;
  if (size < 0) throw invalid(`${textOf(name)} has a negative size`);
  const header: TarHeader = {
    name,
    type,
    mode: block.mode,
    uid: paxInteger(records, 'uid') ?? block.uid,
    gid: paxInteger(records, 'gid') ?? block.gid,
    size: type === 'file' ? size : 0,
    modified: paxTime(records, 'mtime') ?? { seconds: BigInt(block.modified), nanoseconds: 0 },
    linkName:
      type === 'symlink' || type === 'hardlink'
        ? (text(records, 'linkpath') ?? longLink ?? block.linkName)
        : '',
    deviceMajor: block.deviceMajor,
    deviceMinor: block.deviceMinor,
    xattrs: records.size === 0 ? NO_XATTRS : xattrsIn(records),
    sparse: false,
  };
  if (name.includes('\0') || header.linkName.includes('\0'))
    throw invalid('a tar entry has a name with a NUL byte');
  if (header.uid < 0 || header.gid < 0) throw invalid(`${textOf(name)} has a negative owner`);
  return header;
}

function entryType(flag: string, name: ByteString): TarEntryType {
  const type = TYPES[flag];
  if (type === undefined) {
    throw new LayerError(`${textOf(name)} is a tar entry of unknown type ${JSON.stringify(flag)}`, {
      code: 'LAYER_UNSUPPORTED',
    });
  }
  // Before ustar a directory was a file whose name ends in a slash.
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function text(records: PaxRecords, key: string): ByteString | undefined {
  const value = records.get(key);
  return value === '' ? undefined : value;
}

function xattrsIn(records: PaxRecords): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [key, value] of records) {
    if (!key.startsWith(XATTR_PREFIX)) continue;
    xattrs ??= new Map();
    xattrs.set(textOf(key.slice(XATTR_PREFIX.length)), Buffer.from(value, 'latin1'));
  }
  return xattrs ?? NO_XATTRS;
}
