// SPDX-License-Identifier: MIT
export type { Descriptor } from './descriptor.ts';
export { type Digest, digestAlgorithm, digestHex, isDigest, parseDigest } from './digest.ts';
export type { HealthConfig, History, ImageConfig, RunConfig } from './image-config.ts';
export type { Index, Manifest } from './manifest.ts';
export { MEDIA_TYPES } from './media-types.ts';
export { OciError, type OciErrorCode } from './oci-error.ts';
export type { Platform } from './platform.ts';
export type { Reference } from './reference.ts';
