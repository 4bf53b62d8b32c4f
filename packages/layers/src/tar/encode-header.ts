// SPDX-License-Identifier: MIT
import type { Timespec } from '@img-build/interfaces';
import { type ByteString, bytesOf } from './byte-string.ts';
import { BLOCK_SIZE } from './header-block.ts';
import type { TarEntryType, TarHeader } from './tar-header.ts';

const TYPE_FLAGS: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};
const NAME_SIZE = 100;
const PREFIX_SIZE = 155;
const ASCII_ONLY = /^[\x00-\x7f]*$/;

/**
 * Encodes an entry's header: one plain ustar block whenever everything fits, preceded by a pax header only when
 * something does not (long or non-ASCII names, large numbers, negative or fractional times, extended attributes). User
 * and group names stay empty. Equal headers give equal bytes.
 *
 * @see POSIX.1-2017, pax
 */
export function encodeHeader(header: TarHeader): Buffer {
  const records = new Map<ByteString, ByteString>();
  const name = splitName(header.name);
  if (name === undefined) records.set('path', header.name);
  if (!fits(header.linkName)) records.set('linkpath', header.linkName);
  const number = (key: string, value: number, digits: number): number => {
    if (value < 8 ** digits) return value;
    records.set(key, String(value));
    return 0;
  };
  const fields: UstarFields = {
    ...(name ?? { name: asciiPart(header.name), prefix: '' }),
    mode: header.mode,
    uid: number('uid', header.uid, 7),
    gid: number('gid', header.gid, 7),
    size: number('size', header.size, 11),
    modified: modifiedField(header.modified, records),
    typeFlag: TYPE_FLAGS[header.type],
    linkName: fits(header.linkName) ? header.linkName : asciiPart(header.linkName),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
  };
  for (const [key, value] of header.xattrs)
    records.set(`SCHILY.xattr.${bytesOf(key)}`, Buffer.from(value).toString('latin1'));
  const block = encodeUstar(fields);
  return records.size === 0 ? block : Buffer.concat([encodePax(header.name, records), block]);
}

interface UstarFields {
  readonly name: ByteString;
  readonly prefix: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: number;
  readonly typeFlag: string;
  readonly linkName: ByteString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

function modifiedField({ seconds, nanoseconds }: Timespec, records: Map<ByteString, ByteString>): number {
  if (nanoseconds === 0 && seconds >= 0n && seconds < 8n ** 11n) return Number(seconds);
  records.set('mtime', decimalTime(seconds, nanoseconds));
  return seconds >= 0n && seconds < 8n ** 11n ? Number(seconds) : 0;
}

function decimalTime(seconds: bigint, nanoseconds: number): string {
  const total = seconds * 1_000_000_000n + BigInt(nanoseconds);
  const size = total < 0n ? -total : total;
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${total < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

function fits(name: ByteString): boolean {
  return name.length <= NAME_SIZE && ASCII_ONLY.test(name);
}

/** Splits a long name at the last slash that leaves both parts short enough; undefined when there is none. */
function splitName(name: ByteString): { readonly name: ByteString; readonly prefix: ByteString } | undefined {
  if (!ASCII_ONLY.test(name)) return undefined;
  if (name.length <= NAME_SIZE) return { name, prefix: '' };
  const whole = name.endsWith('/') ? name.length - 2 : name.length;
  const slash = name.lastIndexOf('/', Math.min(PREFIX_SIZE, whole));
  const rest = name.slice(slash + 1);
  return slash <= 0 || rest === '' || rest.length > NAME_SIZE
    ? undefined
    : { name: rest, prefix: name.slice(0, slash) };
}

function asciiPart(name: ByteString): ByteString {
  return name.replace(/[\x80-\xff]/g, '').slice(0, NAME_SIZE);
}

function encodePax(name: ByteString, records: ReadonlyMap<ByteString, ByteString>): Buffer {
  const keys = [...records.keys()].sort();
  const body = Buffer.from(
    keys.map((key) => paxRecord(key, records.get(key) as ByteString)).join(''),
    'latin1',
  );
  const slash = name.replace(/\/$/, '').lastIndexOf('/');
  const block = encodeUstar({
    name: asciiPart(`${name.slice(0, slash + 1)}PaxHeaders.0/${name.slice(slash + 1)}`).replace(/\/$/, ''),
    prefix: '',
    mode: 0,
    uid: 0,
    gid: 0,
    size: body.length,
    modified: 0,
    typeFlag: 'x',
    linkName: '',
    deviceMajor: 0,
    deviceMinor: 0,
  });
  return Buffer.concat([block, body, Buffer.alloc(paddingOf(body.length))]);
}

/** A record states its own length, the digits of the length included. */
function paxRecord(key: ByteString, value: ByteString): ByteString {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  length = rest.length + String(length).length;
  return `${length}${rest}`;
}

/** Zero bytes that follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
}

function encodeUstar(fields: UstarFields): Buffer {
  const block = Buffer.alloc(BLOCK_SIZE);
  block.write(fields.name, 0, 'latin1');
  octal(block, 100, 7, fields.mode);
  octal(block, 108, 7, fields.uid);
  octal(block, 116, 7, fields.gid);
  octal(block, 124, 11, fields.size);
  octal(block, 136, 11, fields.modified);
  block.write('        ', 148, 'latin1');
  block.write(fields.typeFlag, 156, 'latin1');
  block.write(fields.linkName, 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 7, fields.deviceMajor);
  octal(block, 337, 7, fields.deviceMinor);
  block.write(fields.prefix, 345, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, digits: number, value: number): void {
  block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
}
