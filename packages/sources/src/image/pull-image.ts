// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  ContentStore,
  ImageRecord,
  ImageStore,
  RegistryPort,
} from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  formatReference,
  type ImageConfig,
  type Platform,
  type Reference,
  withTag,
} from '@img-build/oci';
import { createLayerFetcher } from './layer-fetcher.ts';
import { readImage } from './stored-documents.ts';

/** Tells how far a blob is. */
export type PullProgress = (blob: Descriptor, bytes: number) => void;

/** What a pull works with. */
export interface PullOptions extends AbortOptions {
  readonly registry: () => Promise<RegistryPort>;
  readonly content: ContentStore;
  readonly images: ImageStore;
  readonly platform: Platform;
  readonly parallel?: number | undefined;
  readonly onProgress?: PullProgress | undefined;
}

/** A pulled image. */
export interface PulledImage {
  readonly record: ImageRecord;
  /** What the registry said the name leads to: the index when it is one. */
  readonly resolved: Descriptor;
  readonly config: ImageConfig;
  readonly configDigest: Digest;
  /** Bytes of all layers as stored. */
  readonly size: number;
}

/**
 * Pulls an image of one platform and names it. Of an index only that platform's image is named, so that it can be
 * pushed and saved whole; a single-entry index is kept.
 *
 * @throws RegistryError, OciError, ContentError; SourceError `SOURCE_PLATFORM_NOT_FOUND`
 */
export async function pullImage(reference: Reference, options: PullOptions): Promise<PulledImage> {
  const { registry, content, images, platform, onProgress, signal } = options;
  const resolved = await (await registry()).resolve(reference, { signal });
  const image = await readImage({ content, fetcher: registry }, reference, resolved, platform, { signal });
  const layers = createLayerFetcher({ content, fetcher: registry, parallel: options.parallel });
  // One failure stops the others at once.
  const failed = new AbortController();
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const fetches = image.manifest.layers.map(async (layer) => {
    try {
      await layers.fetch(reference, layer, {
        signal: stop,
        onProgress: (bytes) => onProgress?.(layer, bytes),
      });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(fetches);
  signal?.throwIfAborted();
  failed.signal.throwIfAborted();
  const keepsIndex = image.index?.manifests.length === 1;
  const record = images.put(nameOf(reference), keepsIndex ? resolved : image.manifestDescriptor);
  const size = image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
  return { record, resolved, config: image.config, configDigest: image.manifest.config.digest, size };
}

/** A name is a tag's: an image pulled by digest alone is named by the digest. */
function nameOf(reference: Reference): string {
  return formatReference(reference.tag === undefined ? reference : withTag(reference, reference.tag));
}
