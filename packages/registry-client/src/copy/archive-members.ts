// SPDX-License-Identifier: MIT
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { RegistryError } from '../registry-error.ts';

/** Where a file lies in an archive. */
export interface ArchiveMember {
  /** Offset of its first byte. */
  readonly at: number;
  readonly size: number;
}

const BLOCK = 512;
/** Image archives hold a few hundred members. */
const MAX_MEMBERS = 100_000;
/** Bytes of a name or of extended header records. */
const MAX_EXTENSION = 1024 * 1024;

interface Header {
  readonly name: string;
  readonly link: string;
  readonly size: number;
  readonly type: string;
}

/**
 * Lists the files of an image archive; links count as what they lead to inside it. Names are only ever compared with the
 * ones an image archive has: nothing is unpacked.
 *
 * @throws RegistryError `REGISTRY_ARCHIVE_INVALID`
 */
export async function archiveMembers(
  file: FileHandle,
  name: string,
): Promise<ReadonlyMap<string, ArchiveMember>> {
  const members = new Map<string, ArchiveMember>();
  const links = new Map<string, string>();
  const end = (await file.stat()).size;
  let extension: { path?: string; link?: string; size?: number } = {};
  for (let at = 0, zeros = 0; at + BLOCK <= end && zeros < 2; ) {
    const block = await readAt(file, at, BLOCK);
    at += BLOCK;
    if (block.every((byte) => byte === 0)) {
      zeros += 1;
      continue;
    }
    zeros = 0;
    const header = parseHeader(block, name);
    const size = extension.size ?? header.size;
    if (at + size > end) throw damaged(name, 'it ends in the middle of a file');
    if (header.type === 'x' || header.type === 'L' || header.type === 'K') {
      if (size > MAX_EXTENSION) throw damaged(name, 'a name in it is too long');
      extension = { ...extension, ...parseExtension(header.type, await readAt(file, at, size)) };
    } else if (header.type !== 'g') {
      const path = normal(extension.path ?? header.name);
      if (header.type === '0' || header.type === '7') members.set(path, { at, size });
      else if (header.type === '1' || header.type === '2') {
        const link = extension.link ?? header.link;
        links.set(path, header.type === '1' ? normal(link) : normal(posix.join(posix.dirname(path), link)));
      }
      if (members.size + links.size > MAX_MEMBERS)
        throw damaged(name, `it has more than ${MAX_MEMBERS} files`);
      extension = {};
    }
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  for (const [path, target] of links) {
    const found = members.get(target) ?? members.get(links.get(target) ?? '');
    if (found !== undefined) members.set(path, found);
  }
  return members;
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, at);
  return buffer;
}

function parseHeader(block: Buffer, archive: string): Header {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== number(block, 148, 8)) throw damaged(archive, 'it is no tar archive');
  const prefix =
    block.toString('latin1', 257, 262) === 'ustar' && block[262] === 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = block.toString('latin1', 156, 157);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: text(block, 157, 100),
    // Links and folders have no content, whatever they say.
    size: '123456'.includes(type) ? 0 : number(block, 124, 12),
    type: type === '\0' ? '0' : type,
  };
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal, or above 8 GiB binary. @see POSIX.1 pax, "ustar Interchange Format"; GNU tar, "Extensions" */
function number(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) === 0) return Number.parseInt(text(block, at, length).trim() || '0', 8);
  return Number(block.readBigUInt64BE(at + length - 8));
}

function parseExtension(type: string, bytes: Buffer): { path?: string; link?: string; size?: number } {
  if (type === 'L') return { path: text(bytes, 0, bytes.byteLength) };
  if (type === 'K') return { link: text(bytes, 0, bytes.byteLength) };
  const found: { path?: string; link?: string; size?: number } = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const blank = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, blank));
    if (blank < 0 || !(length > blank - at)) break;
    const record = bytes.toString('utf8', blank + 1, at + length - 1);
    const [key, value] = [record.slice(0, record.indexOf('=')), record.slice(record.indexOf('=') + 1)];
    if (key === 'path') found.path = value;
    else if (key === 'linkpath') found.link = value;
    else if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}

function normal(path: string): string {
  return posix.normalize(path).replace(/^(?:\.?\/)+/, '');
}

function damaged(archive: string, why: string): RegistryError {
  return new RegistryError(`${archive} cannot be read: ${why}`, { code: 'REGISTRY_ARCHIVE_INVALID' });
}
