// SPDX-License-Identifier: MIT
import { invalid } from '../layer-error.ts';
import { type ByteString, textOf } from '../tar/byte-string.ts';
import { baseOf, joinPath, parentOf } from '../unpack/entry-path.ts';

const PREFIX = '.wh.';
const META_PREFIX = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/** What a layer says about the layers below: hide one path, hide all below a folder, or nothing (an internal of aufs). */
export type WhiteoutMark =
  | { readonly type: 'path' | 'folder'; readonly path: ByteString }
  | { readonly type: 'ignored' };

/**
 * Reads a clean entry path as a whiteout; undefined when it is an ordinary one.
 *
 * @see image-spec v1.1.1, layer.md, "Whiteouts"
 * @throws LayerError `LAYER_INVALID` for a whiteout of `.` or `..`
 */
export function parseWhiteout(path: ByteString): WhiteoutMark | undefined {
  if (!path.includes(PREFIX)) return undefined;
  const folder = parentOf(path);
  const base = baseOf(path);
  if (`/${folder}`.includes(`/${META_PREFIX}`)) return { type: 'ignored' };
  if (base === OPAQUE) return { type: 'folder', path: folder };
  if (base.startsWith(META_PREFIX)) return { type: 'ignored' };
  if (!base.startsWith(PREFIX)) return undefined;
  const name = base.slice(PREFIX.length);
  if (name === '') return { type: 'ignored' };
  if (name === '.' || name === '..') throw invalid(`whiteout ${textOf(path)} names no file`);
  return { type: 'path', path: joinPath(folder, name) };
}
