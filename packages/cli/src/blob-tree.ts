// SPDX-License-Identifier: MIT

import type { DirectoryContentStore } from '@img-build/content-store';
import { isToolError } from '@img-build/errors';
import { type Digest, detectDocument, MAX_MANIFEST_BYTES } from '@img-build/oci';
import type { Services } from './wiring/services.ts';

/** What a blob names: the manifests of an index, the config and layers of a manifest; anything else names nothing. */
export type BlobTree = (digest: Digest) => Promise<readonly Digest[]>;

/** Reads each blob once at most, and of layers no more than the first byte. */
export async function createBlobTree(services: Pick<Services, 'content'>): Promise<BlobTree> {
  const content = await services.content();
  const known = new Map<Digest, readonly Digest[]>();
  return async (digest) => {
    const found = known.get(digest);
    if (found !== undefined) return found;
    const { children, leaves } = await readChildren(content, digest);
    known.set(digest, [...children, ...leaves]);
    for (const leaf of leaves) known.set(leaf, []);
    return [...children, ...leaves];
  };
}

interface Children {
  /** Documents that name others again. */
  readonly children: readonly Digest[];
  readonly leaves: readonly Digest[];
}

const NONE: Children = { children: [], leaves: [] };

async function readChildren(content: DirectoryContentStore, digest: Digest): Promise<Children> {
  const info = await content.info(digest);
  if (info === undefined || info.size > MAX_MANIFEST_BYTES || !(await isJson(content, digest))) return NONE;
  try {
    const document = detectDocument(await content.read(digest, MAX_MANIFEST_BYTES));
    if (document.kind === 'index')
      return { ...NONE, children: document.index.manifests.map((each) => each.digest) };
    const { config, layers } = document.manifest;
    return { ...NONE, leaves: [config.digest, ...layers.map((each) => each.digest)] };
  } catch (error) {
    // A config, or a blob that went meanwhile: no document of this kind.
    if (isToolError(error)) return NONE;
    throw error;
  }
}

async function isJson(content: DirectoryContentStore, digest: Digest): Promise<boolean> {
  for await (const chunk of content.open(digest)) return chunk[0] === 0x7b;
  return false;
}
