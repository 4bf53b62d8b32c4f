// SPDX-License-Identifier: MIT
import type { AbortOptions, CacheGraph, Layer } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  type Index,
  isConfigType,
  isDigest,
  isIndexType,
  isManifestType,
  layerCompression,
  MAX_CONFIG_BYTES,
  type Manifest,
  parseImageConfig,
} from '@img-build/oci';
import { CACHE_CONFIG_TYPE, INLINE_CACHE_KEY, LAYER_ANNOTATIONS } from './cache-config.ts';
import { brokenCache } from './cache-error.ts';
import { decodeCacheConfig, decodeInlineRecords } from './decode-cache.ts';

/** Where the documents of a cache are. */
export interface DocumentReader {
  /** The bytes of a manifest, verified. */
  manifest(digest: Digest, options: AbortOptions): Promise<Uint8Array>;
  /** The bytes of a config, verified; no more than its descriptor says. */
  blob(descriptor: Descriptor, options: AbortOptions): Promise<Uint8Array>;
}

/** A manifest or index that may be a cache, or an image with an inline one. */
export interface CacheDocument {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Manifests of an index that are looked at; there are not as many platforms. */
const MAX_MANIFESTS = 64;

/**
 * Reads all caches of a document: an image manifest or an index (OCI or docker) of a cache, an image with an inline
 * cache, or an index of such images. No layer is read.
 *
 * @throws ExporterError `CACHE_INVALID`; OciError; whatever reading throws.
 */
export async function readCaches(
  { mediaType, bytes }: CacheDocument,
  reader: DocumentReader,
  options: AbortOptions,
): Promise<readonly CacheGraph[]> {
  const document = detectDocument(bytes, { mediaType });
  if (document.kind === 'manifest') return await readManifest(document.manifest, reader, options);
  const { manifests } = document.index;
  const config = manifests.find((entry) => entry.mediaType === CACHE_CONFIG_TYPE);
  if (config !== undefined) return [await readConfig(config, manifests, reader, options)];
  return await readImages(document.index, reader, options);
}

async function readImages(
  { manifests }: Index,
  reader: DocumentReader,
  options: AbortOptions,
): Promise<readonly CacheGraph[]> {
  const images = manifests.filter(({ mediaType }) => isManifestType(mediaType) || isIndexType(mediaType));
  if (images.length > MAX_MANIFESTS)
    throw brokenCache(`an index has ${images.length} images, more than the ${MAX_MANIFESTS} looked at`);
  const graphs: CacheGraph[] = [];
  for (const { digest, mediaType } of images) {
    const document = detectDocument(await reader.manifest(digest, options), { mediaType });
    if (document.kind === 'manifest')
      graphs.push(...(await readManifest(document.manifest, reader, options)));
  }
  return graphs;
}

async function readManifest(
  manifest: Manifest,
  reader: DocumentReader,
  options: AbortOptions,
): Promise<readonly CacheGraph[]> {
  const { config, layers } = manifest;
  if (config.mediaType === CACHE_CONFIG_TYPE) return [await readConfig(config, layers, reader, options)];
  if (!isConfigType(config.mediaType)) return [];
  const bytes = await readDocument(config, reader, options);
  const inline = inlineCache(bytes, layers);
  return inline === undefined ? [] : [inline];
}

async function readConfig(
  config: Descriptor,
  listed: readonly Descriptor[],
  reader: DocumentReader,
  options: AbortOptions,
): Promise<CacheGraph> {
  const layers = listed.flatMap((descriptor) => layerOf(descriptor) ?? []);
  const known = new Map(layers.map((layer) => [layer.descriptor.digest, layer]));
  return decodeCacheConfig(await readDocument(config, reader, options), known);
}

async function readDocument(
  descriptor: Descriptor,
  reader: DocumentReader,
  options: AbortOptions,
): Promise<Uint8Array> {
  if (descriptor.size > MAX_CONFIG_BYTES)
    throw brokenCache(
      `its config ${descriptor.digest} has ${descriptor.size} bytes, more than the ${MAX_CONFIG_BYTES} allowed`,
    );
  return await reader.blob(descriptor, options);
}

/** A layer whose content is known; without that nothing could be checked, and so it counts as absent. */
function layerOf(descriptor: Descriptor): Layer | undefined {
  const compression = layerCompression(descriptor.mediaType);
  const told = descriptor.annotations?.[LAYER_ANNOTATIONS.diffId];
  const diffId = told ?? (compression === 'none' ? descriptor.digest : undefined);
  return compression === undefined || diffId === undefined || !isDigest(diffId)
    ? undefined
    : { descriptor, diffId };
}

/** The cache in an image config; `undefined` for an image without one. */
function inlineCache(bytes: Uint8Array, listed: readonly Descriptor[]): CacheGraph | undefined {
  const image = parseImageConfig(bytes);
  const text = (image as { readonly [INLINE_CACHE_KEY]?: unknown })[INLINE_CACHE_KEY];
  const diffIds = image.rootfs.diff_ids;
  // An image that does not fit its own manifest has no cache that means anything.
  if (typeof text !== 'string' || diffIds.length !== listed.length) return undefined;
  const history = (image.history ?? []).filter((entry) => entry.empty_layer !== true);
  const layers = listed.map((descriptor, index): Layer => {
    const diffId = diffIds[index] ?? descriptor.digest;
    const { created, created_by: description } = history[index] ?? {};
    const annotations = {
      ...descriptor.annotations,
      ...(created === undefined ? {} : { [LAYER_ANNOTATIONS.createdAt]: created }),
      ...(description === undefined ? {} : { [LAYER_ANNOTATIONS.description]: description }),
      [LAYER_ANNOTATIONS.diffId]: diffId,
    };
    return { descriptor: { ...descriptor, annotations }, diffId };
  });
  return decodeInlineRecords(Buffer.from(text, 'base64'), layers);
}
