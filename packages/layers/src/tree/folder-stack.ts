// SPDX-License-Identifier: MIT
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { XattrCalls } from '@img-build/interfaces';
import { type ByteString, pathOf } from '../tar/byte-string.ts';
import { isOpaque, isWhiteout } from './overlay-marks.ts';

/** A folder as overlayfs would show it: the same folder of several trees, uppermost first. */
export interface FolderStack {
  readonly folders: readonly ByteString[];
  /** Overlay marks mean something; false for a plain folder, where a device 0:0 is a device. */
  readonly marks: boolean;
}

/** A name in a {@link FolderStack}. */
export interface Found {
  /** Where it really lies. */
  readonly path: ByteString;
  readonly stat: BigIntStats;
  /** Its own stack, when it is a folder. */
  readonly stack: FolderStack | undefined;
}

/** lstat(2) with nanoseconds; undefined when there is nothing. */
export function lstatOf(path: ByteString): BigIntStats | undefined {
  try {
    return lstatSync(pathOf(path), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The names in a folder, sorted by their bytes. */
export function namesIn(path: ByteString): ByteString[] {
  return readdirSync(pathOf(path), { encoding: 'latin1' }).sort();
}

/** Finds one name. Symlinks are never followed. */
export function lookUp(
  host: XattrCalls,
  { folders, marks }: FolderStack,
  name: ByteString,
): Found | undefined {
  let top: { path: ByteString; stat: BigIntStats } | undefined;
  const below: ByteString[] = [];
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    const stat = lstatOf(path);
    if (stat === undefined) continue;
    if (marks && isWhiteout(stat)) break;
    if (top !== undefined && !stat.isDirectory()) break;
    top ??= { path, stat };
    if (!stat.isDirectory()) return { ...top, stack: undefined };
    below.push(path);
    if (marks && isOpaque(host, path)) break;
  }
  return top === undefined ? undefined : { ...top, stack: { folders: below, marks } };
}

/** Finds a path of several names. */
export function lookUpPath(host: XattrCalls, stack: FolderStack, path: ByteString): Found | undefined {
  let found: Found | undefined;
  let at: FolderStack | undefined = stack;
  for (const name of path.split('/')) {
    if (at === undefined) return undefined;
    found = lookUp(host, at, name);
    if (found === undefined) return undefined;
    at = found.stack;
  }
  return found;
}

/** Every name that {@link lookUp} finds, sorted by bytes. */
export function listNames(host: XattrCalls, stack: FolderStack): ByteString[] {
  const { folders, marks } = stack;
  const [first] = folders;
  if (first === undefined) return [];
  if (folders.length === 1 && !marks) return namesIn(first);
  const names = new Set(folders.flatMap(namesIn));
  return [...names].filter((name) => lookUp(host, stack, name) !== undefined).sort();
}
