// SPDX-License-Identifier: MIT
import type { ByteString } from '../tar/byte-string.ts';

/**
 * The path an archive means, as if its root were `/`: no empty names, no `.`, and `..` never leads above the root.
 * The root itself is the empty string.
 */
export function cleanEntryPath(name: ByteString): ByteString {
  if (/^[^./][^/]*(?:\/[^./][^/]*)*$/.test(name)) return name;
  const parts: ByteString[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/** The folder part of a clean path; the root for a name without one. */
export function parentOf(path: ByteString): ByteString {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

/** The last name of a clean path. */
export function baseOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins two clean paths; the root is the empty string. */
export function joinPath(folder: ByteString, name: ByteString): ByteString {
  if (name === '') return folder;
  return folder === '' ? name : `${folder}/${name}`;
}
