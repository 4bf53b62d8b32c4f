// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import type { AbortOptions } from '@img-build/interfaces';
import { decompress, sniffPacking, type TarHeader, TarParser, textOf } from '@img-build/layers';
import { UsageError } from '../../usage-error.ts';
import { MAX_FILE_BYTES } from './input-file.ts';

/** A file found in an archive. */
export interface ArchiveFile {
  /** One of the paths that were looked for. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Links that lead through one another more often than this are a circle. */
const MAX_LINKS = 40;

/**
 * Reads one file out of a tar archive, packed or not, without unpacking anything: what is in an archive of others stays
 * there. Links are followed within the archive; of several entries of one path the last counts, as when unpacking.
 *
 * @param paths - the first that is there is read.
 * @throws UsageError when it is no file, or too large; LayerError for a damaged archive
 */
export async function readArchiveFile(
  archive: string,
  paths: readonly string[],
  options: AbortOptions = {},
): Promise<ArchiveFile | undefined> {
  const entries = await scan(archive, paths, options);
  const path = paths.find((each) => isThere(normalized(each), entries));
  if (path === undefined) return undefined;
  let at = normalized(path);
  let known = entries;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const next = linkedPath(at, known);
    if (next === undefined) return { path, bytes: contentOf(path, known.get(at)) };
    at = next;
    known = await scan(archive, [at], options);
    if (!isThere(at, known)) return undefined;
  }
  throw new UsageError(`${path} is a circle of links`);
}

/** What is known of an entry. */
interface Entry {
  readonly header: TarHeader;
  readonly chunks: Buffer[];
}

/** Reads the whole archive, and keeps what is at the paths and above them. */
async function scan(
  archive: string,
  paths: readonly string[],
  { signal }: AbortOptions,
): Promise<ReadonlyMap<string, Entry>> {
  const wanted = new Set(paths.map(normalized).flatMap(withParents));
  const found = new Map<string, Entry>();
  let current: Entry | undefined;
  const parser = new TarParser({
    entry(header) {
      const path = normalized(nameOf(header.name));
      current = wanted.has(path) ? { header, chunks: [] } : undefined;
      if (current !== undefined) found.set(path, current);
    },
    content(bytes) {
      if (current !== undefined && current.header.size <= MAX_FILE_BYTES)
        current.chunks.push(Buffer.from(bytes));
    },
    end() {
      current = undefined;
    },
  });
  const stream = createReadStream(archive, signal === undefined ? {} : { signal });
  const { packing, bytes } = await sniffPacking(stream as AsyncIterable<Buffer>);
  for await (const chunk of decompress(bytes, packing)) parser.write(chunk);
  parser.end();
  return found;
}

function nameOf(name: TarHeader['name']): string {
  return textOf(name);
}

/** As if the archive were the root: nothing leads above it. */
function normalized(path: string): string {
  return posix.join('/', path).slice(1).replace(/\/$/, '');
}

function withParents(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** An entry at the path, or a link on the way to it. */
function isThere(path: string, entries: ReadonlyMap<string, Entry>): boolean {
  return entries.has(path) || withParents(path).some((each) => entries.get(each)?.header.type === 'symlink');
}

/** Where the first link on the way leads; `undefined` without one. */
function linkedPath(path: string, entries: ReadonlyMap<string, Entry>): string | undefined {
  for (const at of withParents(path)) {
    const header = entries.get(at)?.header;
    if (header?.type === 'hardlink' && at === path) return normalized(nameOf(header.linkName));
    if (header?.type !== 'symlink') continue;
    const target = nameOf(header.linkName);
    const from = target.startsWith('/') ? target : posix.join('/', posix.dirname(at), target);
    return normalized(`${from}/${path.slice(at.length)}`);
  }
  return undefined;
}

function contentOf(path: string, entry: Entry | undefined): Uint8Array {
  const { type, size } = entry?.header ?? {};
  if (type !== 'file')
    throw new UsageError(
      `failed to read dockerfile: ${path} is ${type === 'directory' ? 'a directory' : 'not a regular file'}`,
    );
  if ((size ?? 0) > MAX_FILE_BYTES)
    throw new UsageError(`failed to read dockerfile: ${path} has more than ${MAX_FILE_BYTES} bytes`);
  return Buffer.concat(entry?.chunks ?? []);
}
