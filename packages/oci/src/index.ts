// SPDX-License-Identifier: MIT
export type { Descriptor } from './descriptor.ts';
export { type Digest, digestAlgorithm, digestHex, isDigest, parseDigest } from './digest.ts';
export { canonicalDigest, chainId, chainIds } from './digest-of.ts';
export { type GoValue, goJson } from './go-json.ts';
export type { HealthConfig, History, ImageConfig, RunConfig } from './image-config.ts';
export { MAX_CONFIG_BYTES, MAX_ENTRIES, MAX_MANIFEST_BYTES } from './json-document.ts';
export type { Index, Manifest } from './manifest.ts';
export {
  baseMediaType,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  type LayerCompression,
  layerCompression,
  layerType,
  MEDIA_TYPES,
  type MediaTypeFamily,
} from './media-types.ts';
export { OciError, type OciErrorCode } from './oci-error.ts';
export { parseImageConfig } from './parse-image-config.ts';
export {
  type DocumentOptions,
  detectDocument,
  type ImageDocument,
  parseIndex,
  parseManifest,
} from './parse-manifest.ts';
export { formatPlatform, hostPlatform, normalizePlatform, type Platform, parsePlatform } from './platform.ts';
export {
  bestPlatform,
  isAttestation,
  type MatchOptions,
  matchPlatform,
  offeredPlatforms,
  platformRank,
  runnablePlatforms,
} from './platform-match.ts';
export {
  atDigest,
  familiarName,
  familiarReference,
  formatReference,
  isReference,
  isTag,
  parseReference,
  type Reference,
  repositoryName,
  withDigest,
  withTag,
} from './reference.ts';
export { type ArchiveEntry, writeUstar } from './ustar.ts';
