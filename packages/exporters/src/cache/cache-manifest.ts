// SPDX-License-Identifier: MIT
import { canonicalDigest, type Descriptor, MEDIA_TYPES, type MediaTypeFamily } from '@img-build/oci';
import { compactBytes } from '../image/stable-json.ts';
import { CACHE_CONFIG_TYPE } from './cache-config.ts';
import { cacheLayerDescriptor } from './encode-cache.ts';
import type { FittedCache } from './fit-cache.ts';

/** What a cache's manifest looks like. */
export interface CacheFormat {
  /** An image manifest (default), which every registry takes; else an index of layers, which old builders wrote. */
  readonly imageManifest?: boolean | undefined;
  /** OCI by default; with docker's the manifest is a list always. */
  readonly mediaTypes?: MediaTypeFamily | undefined;
}

/** A document with its descriptor. */
export interface MadeDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** The documents of a cache. */
export interface CacheDocuments {
  readonly layers: readonly Descriptor[];
  readonly config: MadeDocument;
  readonly manifest: MadeDocument;
}

/** Makes config and manifest of a cache. @see BuildKit, cache/remotecache/export.go */
export function cacheDocuments(
  { configBytes, layers }: Pick<FittedCache, 'configBytes' | 'layers'>,
  { imageManifest, mediaTypes: family = 'oci' }: CacheFormat,
): CacheDocuments {
  const config = documentOf(CACHE_CONFIG_TYPE, configBytes);
  const descriptors = layers.map((layer) => cacheLayerDescriptor(layer, family));
  const inManifest = imageManifest ?? family === 'oci';
  const mediaType = inManifest
    ? MEDIA_TYPES.ociManifest
    : family === 'oci'
      ? MEDIA_TYPES.ociIndex
      : MEDIA_TYPES.dockerManifestList;
  const body = inManifest
    ? { config: config.descriptor, layers: descriptors }
    : { manifests: [...descriptors, config.descriptor] };
  const manifest = documentOf(mediaType, compactBytes({ schemaVersion: 2, mediaType, ...body }));
  return { layers: descriptors, config, manifest };
}

function documentOf(mediaType: string, bytes: Uint8Array): MadeDocument {
  return {
    descriptor: { mediaType, digest: canonicalDigest(bytes), size: bytes.byteLength },
    bytes,
  };
}
