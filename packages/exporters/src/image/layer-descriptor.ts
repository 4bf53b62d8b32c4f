// SPDX-License-Identifier: MIT
import {
  type Descriptor,
  isForeignLayerType,
  layerCompression,
  layerType,
  type MediaTypeFamily,
} from '@img-build/oci';

/** What builders note on a layer for themselves; no part of an image. */
const INTERNAL = ['containerd.io/uncompressed', 'buildkit/createdat', 'buildkit/description'];
const INTERNAL_PREFIX = 'containerd.io/distribution.source.';

/** A layer as a manifest of the given family lists it: same blob, the family's media type, no internal annotations. */
export function layerDescriptor(layer: Descriptor, family: MediaTypeFamily): Descriptor {
  const annotations = Object.entries(layer.annotations ?? {}).filter(
    ([key]) => !INTERNAL.includes(key) && !key.startsWith(INTERNAL_PREFIX),
  );
  return {
    mediaType: mediaTypeIn(layer.mediaType, family),
    digest: layer.digest,
    size: layer.size,
    ...(layer.urls === undefined ? {} : { urls: layer.urls }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  };
}

function mediaTypeIn(mediaType: string, family: MediaTypeFamily): string {
  const compression = layerCompression(mediaType);
  return compression === undefined || isForeignLayerType(mediaType)
    ? mediaType
    : layerType(family, compression);
}
