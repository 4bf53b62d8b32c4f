// SPDX-License-Identifier: MIT
import type { ContentIngester, DiffOptions, HostCalls, Layer } from '@img-build/interfaces';
import { packLayer } from '../diff/pack-layer.ts';
import { folderEntries } from './pack-tree.ts';

/** How to pack a folder as a layer. */
export interface PackFolderOptions extends Omit<DiffOptions, 'rewriteTimestamp'> {
  readonly host: HostCalls;
  /** Takes the finished layer. */
  readonly content: ContentIngester;
}

/**
 * A folder as a layer of its own, with times to the nanosecond: build tools compare them. The same folder gives the same
 * bytes. Names that other readers take for whiteouts are written as they are.
 *
 * @throws LayerError `LAYER_SOURCE_CHANGED` when a file is shorter than it was
 */
export async function packFolder(
  folder: string,
  { host, content, ...options }: PackFolderOptions,
): Promise<Layer> {
  const entries = folderEntries(folder, { host, subsecond: true, signal: options.signal });
  return await packLayer(content, entries, options);
}
