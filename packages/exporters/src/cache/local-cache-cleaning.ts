// SPDX-License-Identifier: MIT
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, messageOf } from '@img-build/errors';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  isDigest,
  isIndexType,
  isManifestType,
  parseIndex,
} from '@img-build/oci';
import { blobPath } from '../archive/layout.ts';

/**
 * Removes the blobs of a layout that its index does not lead to, and what writers left behind that died. The caller holds
 * a lock that keeps everybody from writing. Where a document cannot be read, nothing is removed and a warning given.
 */
export async function removeUnreferenced(
  folder: string,
  onWarning: ((message: string) => void) | undefined,
): Promise<void> {
  const needed = new Set<Digest>();
  try {
    const index = parseIndex(await readFile(join(folder, 'index.json')));
    for (const entry of index.manifests) await collect(folder, entry, needed);
  } catch (error) {
    onWarning?.(`nothing was removed from ${folder}: ${messageOf(error)}`);
    return;
  }
  for (const algorithm of await namesIn(join(folder, 'blobs'))) {
    const blobs = join(folder, 'blobs', algorithm);
    for (const name of await namesIn(blobs)) {
      const digest = `${algorithm}:${name}`;
      const isUnneeded = isDigest(digest) && !needed.has(digest);
      if (isUnneeded || name.endsWith('.tmp')) await rm(join(blobs, name), { force: true });
    }
  }
}

async function collect(
  folder: string,
  { digest, mediaType }: Descriptor,
  needed: Set<Digest>,
): Promise<void> {
  if (needed.has(digest)) return;
  needed.add(digest);
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) return;
  const document = detectDocument(await readFile(join(folder, blobPath(digest))), { mediaType });
  const children =
    document.kind === 'index'
      ? document.index.manifests
      : [document.manifest.config, ...document.manifest.layers];
  for (const child of children) await collect(folder, child, needed);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
