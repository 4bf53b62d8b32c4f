// SPDX-License-Identifier: MIT
export { type ApplierOptions, createApplier } from './apply/applier.ts';
export { decompress } from './compression/decompress.ts';
export { detectPacking, type Packing, sniffPacking } from './compression/detect.ts';
export { createDiffer, type DifferOptions } from './diff/differ.ts';
export { LayerError, type LayerErrorCode } from './layer-error.ts';
export { type ByteString, bytesOf, textOf } from './tar/byte-string.ts';
export { encodeHeader } from './tar/encode-header.ts';
export { type PackEntry, packEntries } from './tar/pack-entries.ts';
export { NO_XATTRS, type TarEntryType, type TarHeader, type TarSink } from './tar/tar-header.ts';
export { TarParser } from './tar/tar-parser.ts';
export { type PackFolderOptions, packFolder } from './tree/pack-folder.ts';
export { type PackTreeOptions, packTree } from './tree/pack-tree.ts';
export {
  type ExtractOptions,
  type ExtractResult,
  extractArchive,
  isTarArchive,
} from './unpack/extract-archive.ts';
export type { OwnerRule } from './unpack/file-maker.ts';
export { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from './unpack/unpack-limits.ts';
