// SPDX-License-Identifier: MIT
import type { AbortOptions, Layer } from '@img-build/interfaces';
import { isForeignLayerType } from '@img-build/oci';
import { LAYER_ANNOTATIONS } from '../cache/cache-config.ts';

/**
 * Compresses a layer as it was asked to: stores another blob with the same tar, and tells its descriptor and the same
 * diff id. One that is compressed like that already may come back as it is. The layer's blob is in the content store.
 */
export type LayerRewriter = (layer: Layer, options: AbortOptions) => Promise<Layer>;

/** What is noted on a layer besides what speaks of its bytes (tables of contents, checksums of chunks). */
const KEPT = Object.values<string>(LAYER_ANNOTATIONS);

/**
 * A layer with a blob of another compression, for images and caches alike. Foreign layers stay what they are: their
 * bytes are fetched from elsewhere.
 */
export async function rewriteLayer(
  layer: Layer,
  rewriter: LayerRewriter,
  options: AbortOptions,
): Promise<Layer> {
  const { descriptor } = layer;
  if (isForeignLayerType(descriptor.mediaType)) return layer;
  const { descriptor: made, diffId } = await rewriter(layer, options);
  if (made.digest === descriptor.digest) return layer;
  const { mediaType, digest, size } = made;
  const kept = Object.entries(descriptor.annotations ?? {}).filter(([key]) => KEPT.includes(key));
  return { descriptor: { mediaType, digest, size, annotations: Object.fromEntries(kept) }, diffId };
}
