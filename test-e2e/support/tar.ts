// SPDX-License-Identifier: MIT

/** One entry of a tar archive. */
export interface TarEntry {
  /** Without `./` before and `/` after it. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'character-device' | 'block-device' | 'fifo';
  /** Permission bits with set-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch, as written. */
  readonly mtime: string;
  readonly target: string;
  readonly content: Buffer;
  readonly xattrs: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'folder',
  '6': 'fifo',
};

/** Reads an archive: ustar with pax and GNU long names. It is a reader of its own, so that it can contradict the program. */
export function readTar(bytes: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  let pax: Record<string, string> = {};
  let gnu: Record<string, string> = {};
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + 512);
    const size = Number(pax['size'] ?? number(header, 124, 12));
    const content = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    const flag = String.fromCharCode(header[156] ?? 0);
    if (flag === 'x') pax = { ...pax, ...paxRecords(content) };
    else if (flag === 'L') gnu = { ...gnu, path: text(content, 0, content.length) };
    else if (flag === 'K') gnu = { ...gnu, linkpath: text(content, 0, content.length) };
    else if (flag !== 'g') {
      entries.push(entryOf(header, content, { ...gnu, ...pax }));
      [pax, gnu] = [{}, {}];
    }
  }
  return entries;
}

/** By path; the last entry of a path counts. */
export function tarIndex(bytes: Buffer): ReadonlyMap<string, TarEntry> {
  return new Map(readTar(bytes).map((entry) => [entry.path, entry]));
}

function entryOf(header: Buffer, content: Buffer, extended: Readonly<Record<string, string>>): TarEntry {
  const prefix = header.subarray(257, 263).toString('latin1') === 'ustar\0' ? text(header, 345, 155) : '';
  const short = `${prefix === '' ? '' : `${prefix}/`}${text(header, 0, 100)}`;
  const type = TYPES[String.fromCharCode(header[156] ?? 0)];
  if (type === undefined) throw new Error(`tar entry of unknown type ${header[156]}`);
  return {
    path: (extended['path'] ?? short).replace(/^(\.?\/)+/, '').replace(/\/$/, ''),
    type,
    mode: number(header, 100, 8) & 0o7777,
    uid: Number(extended['uid'] ?? number(header, 108, 8)),
    gid: Number(extended['gid'] ?? number(header, 116, 8)),
    mtime: extended['mtime'] ?? String(number(header, 136, 12)),
    target: extended['linkpath'] ?? text(header, 157, 100),
    content: Buffer.from(content),
    xattrs: Object.fromEntries(
      Object.entries(extended)
        .filter(([key]) => key.startsWith('SCHILY.xattr.'))
        .map(([key, value]) => [key.slice('SCHILY.xattr.'.length), value]),
    ),
  };
}

function paxRecords(content: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.subarray(at, space).toString('latin1'));
    const record = content.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    const key = record.subarray(0, equals).toString('utf8');
    // Values of extended attributes are bytes.
    records[key] = record.subarray(equals + 1).toString(key.startsWith('SCHILY.xattr.') ? 'latin1' : 'utf8');
    at += length;
  }
  return records;
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? undefined : end).toString('utf8');
}

function number(bytes: Buffer, at: number, length: number): number {
  if (((bytes[at] ?? 0) & 0x80) !== 0) return Number(bytes.readBigUInt64BE(at + length - 8));
  return Number.parseInt(text(bytes, at, length).trim() || '0', 8);
}
