// SPDX-License-Identifier: MIT
import type { AbortOptions, HostCalls } from '@img-build/interfaces';
import { type ByteString, bytesOf } from '../tar/byte-string.ts';
import { type PackEntry, packEntries } from '../tar/pack-entries.ts';
import { joinPath } from '../unpack/entry-path.ts';
import { entryOf, LinkNames, type TimeRule } from './file-header.ts';
import { lstatOf, namesIn } from './folder-stack.ts';

/** How to pack a tree. */
export interface PackTreeOptions extends AbortOptions {
  readonly host: HostCalls;
  /** Seconds since the Unix epoch; every time becomes this one. */
  readonly epoch?: number | undefined;
  /** Keep fractions of seconds, at the price of a longer header for each file; default false. */
  readonly subsecond?: boolean | undefined;
  /** Whom everything belongs to; default: whom it belongs to here. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Says which paths below the folder (byte strings) are packed; a folder left out is left out with all it holds. */
  readonly filter?: ((path: ByteString) => boolean) | undefined;
}

/**
 * A folder as one tar stream: folder by folder, names sorted by their bytes, hardlinks, owners and extended attributes
 * kept, sockets left out. The same tree gives the same bytes.
 *
 * @throws LayerError `LAYER_SOURCE_CHANGED` when a file is shorter than it was
 */
export function packTree(folder: string, options: PackTreeOptions): AsyncGenerator<Buffer> {
  return packEntries(folderEntries(folder, options), options.signal);
}

/** What is in a folder as the entries of a tar. */
export function folderEntries(folder: string, options: PackTreeOptions): Generator<PackEntry> {
  return treeEntries(bytesOf(folder), '', new LinkNames(), options);
}

function* treeEntries(
  root: ByteString,
  folder: ByteString,
  links: LinkNames,
  options: PackTreeOptions,
): Generator<PackEntry> {
  const time = timeRule(options);
  for (const name of namesIn(joinReal(root, folder))) {
    const path = joinPath(folder, name);
    const real = joinReal(root, path);
    const stat = options.filter === undefined || options.filter(path) ? lstatOf(real) : undefined;
    if (stat === undefined) continue;
    const entry = entryOf(options.host, { path: real, stat }, path, links, time);
    if (entry === undefined) continue;
    yield options.owner === undefined ? entry : { ...entry, header: { ...entry.header, ...options.owner } };
    if (stat.isDirectory()) yield* treeEntries(root, path, links, options);
  }
}

function joinReal(root: ByteString, path: ByteString): ByteString {
  return path === '' ? root : `${root}/${path}`;
}

function timeRule({ epoch, subsecond = false }: PackTreeOptions): TimeRule {
  if (epoch !== undefined) return () => ({ seconds: BigInt(epoch), nanoseconds: 0 });
  return subsecond ? (modified) => modified : ({ seconds }) => ({ seconds, nanoseconds: 0 });
}
