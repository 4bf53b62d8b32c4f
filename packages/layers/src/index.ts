// SPDX-License-Identifier: MIT
export { type ApplierOptions, createApplier } from './apply/applier.ts';
export { createDiffer, type DifferOptions } from './diff/differ.ts';
export { LayerError, type LayerErrorCode } from './layer-error.ts';
export { type ByteString, bytesOf, textOf } from './tar/byte-string.ts';
export type { TarEntryType, TarHeader, TarSink } from './tar/tar-header.ts';
export { TarParser } from './tar/tar-parser.ts';
export type { OwnerRule } from './unpack/file-maker.ts';
export { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from './unpack/unpack-limits.ts';
