// SPDX-License-Identifier: MIT

/** Media types of OCI and docker images. @see image-spec v1.1.1, media-types.md; docker distribution manifest v2 */
export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestV1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerManifestV1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const;

/** How a layer blob is compressed. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

/** Which of the two spellings of the same formats is meant. */
export type MediaTypeFamily = 'oci' | 'docker';

const LAYERS: ReadonlyMap<string, LayerCompression> = new Map<string, LayerCompression>([
  [MEDIA_TYPES.ociLayer, 'none'],
  [MEDIA_TYPES.ociLayerGzip, 'gzip'],
  [MEDIA_TYPES.ociLayerZstd, 'zstd'],
  [MEDIA_TYPES.ociForeignLayer, 'none'],
  [MEDIA_TYPES.ociForeignLayerGzip, 'gzip'],
  [MEDIA_TYPES.ociForeignLayerZstd, 'zstd'],
  [MEDIA_TYPES.dockerLayer, 'none'],
  [MEDIA_TYPES.dockerLayerGzip, 'gzip'],
  [MEDIA_TYPES.dockerLayerZstd, 'zstd'],
  [MEDIA_TYPES.dockerForeignLayer, 'none'],
  [MEDIA_TYPES.dockerForeignLayerGzip, 'gzip'],
]);

const FOREIGN_LAYERS: ReadonlySet<string> = new Set<string>([
  MEDIA_TYPES.ociForeignLayer,
  MEDIA_TYPES.ociForeignLayerGzip,
  MEDIA_TYPES.ociForeignLayerZstd,
  MEDIA_TYPES.dockerForeignLayer,
  MEDIA_TYPES.dockerForeignLayerGzip,
]);

const LAYER_OF_FAMILY: Readonly<Record<MediaTypeFamily, Readonly<Record<LayerCompression, string>>>> = {
  oci: { none: MEDIA_TYPES.ociLayer, gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd },
  docker: {
    none: MEDIA_TYPES.dockerLayer,
    gzip: MEDIA_TYPES.dockerLayerGzip,
    zstd: MEDIA_TYPES.dockerLayerZstd,
  },
};

/** The media type alone: no parameters, no blanks, lower case; `''` for a missing header. */
export function baseMediaType(contentType: string | undefined): string {
  return (contentType?.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** Tells whether a media type is an OCI index or a docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerManifestList;
}

/** Tells whether a media type is an OCI or docker (schema 2) image manifest. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.dockerManifest;
}

/** Tells whether a media type is docker's retired schema 1 manifest, which nothing here reads. */
export function isSchema1Type(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.dockerManifestV1 || mediaType === MEDIA_TYPES.dockerManifestV1Signed;
}

/** Tells whether a media type is an OCI or docker image config. */
export function isConfigType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociConfig || mediaType === MEDIA_TYPES.dockerConfig;
}

/** Tells whether a media type is a layer of a file system, compressed or not, foreign or not. */
export function isLayerType(mediaType: string): boolean {
  return LAYERS.has(mediaType);
}

/** Tells whether a layer is non-distributable: fetched from its `urls`, not pushed by default. */
export function isForeignLayerType(mediaType: string): boolean {
  return FOREIGN_LAYERS.has(mediaType);
}

/** How a layer of this type claims to be compressed; `undefined` when it is no layer type known here. */
export function layerCompression(mediaType: string): LayerCompression | undefined {
  return LAYERS.get(mediaType);
}

/** The media type of an ordinary layer. */
export function layerType(family: MediaTypeFamily, compression: LayerCompression): string {
  return LAYER_OF_FAMILY[family][compression];
}
