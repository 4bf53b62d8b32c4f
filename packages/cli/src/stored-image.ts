// SPDX-License-Identifier: MIT
import type { AbortOptions, ContentReader } from '@img-build/interfaces';
import {
  bestPlatform,
  type Descriptor,
  detectDocument,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type Platform,
} from '@img-build/oci';
import { UsageError } from './usage-error.ts';

/** An image of the store for one platform. */
export interface StoredImage {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/** The image that `target` has for a platform; `undefined` when an index has none for it. */
export async function findStoredImage(
  content: ContentReader,
  target: Descriptor,
  platform: Platform,
  options: AbortOptions = {},
): Promise<StoredImage | undefined> {
  const document = detectDocument(await content.read(target.digest, MAX_MANIFEST_BYTES, options), {
    mediaType: target.mediaType,
  });
  if (document.kind === 'manifest') return { descriptor: target, manifest: document.manifest };
  const best = bestPlatform(document.index.manifests, platform);
  return best === undefined ? undefined : await findStoredImage(content, best, platform, options);
}

/** As {@link findStoredImage}, for an image that must be there. @throws UsageError */
export async function requireStoredImage(
  content: ContentReader,
  target: Descriptor,
  platform: Platform,
  options: AbortOptions = {},
): Promise<StoredImage> {
  const image = await findStoredImage(content, target, platform, options);
  if (image !== undefined) return image;
  throw new UsageError(`the image has nothing for ${platform.os}/${platform.architecture}`);
}

/** The exact bytes of an image's config. */
export async function readConfig(
  content: ContentReader,
  { manifest }: StoredImage,
  options: AbortOptions = {},
): Promise<Uint8Array> {
  return await content.read(manifest.config.digest, MAX_CONFIG_BYTES, options);
}

/** Bytes of a manifest's content: the manifest itself, its config and its layers as stored. */
export function contentSize({ descriptor, manifest }: StoredImage): number {
  return manifest.layers.reduce((sum, { size }) => sum + size, descriptor.size + manifest.config.size);
}
