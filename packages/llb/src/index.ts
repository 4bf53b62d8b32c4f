// SPDX-License-Identifier: MIT
export {
  type ContentSelector,
  cacheMapOf,
  cacheRecordDigest,
  contentKey,
  imageSourceKey,
  type OpCacheMap,
  type OpDependency,
  sourceCacheDigest,
} from './cache-map/cache-map-of.ts';
export { hasWildcard } from './cache-map/file-cache-map.ts';
export { decodeDefinition, decodeOp, encodeDefinition, encodeOp, opToGoJson, sha256Digest } from './codec.ts';
export type {
  CacheSharing,
  ExecOp,
  Meta,
  Mount,
  MountContentCache,
  MountType,
  NetMode,
  ProxyEnv,
  SecretEnv,
  SecretOpt,
  SecurityMode,
} from './exec-op.ts';
export type {
  ChownOpt,
  FileAction,
  FileActionCopy,
  FileActionMkDir,
  FileActionMkFile,
  FileActionRm,
  FileActionSymlink,
  FileOp,
  UserOpt,
} from './file-op.ts';
export type { RunMount, RunOptions, RunSecret, RunSsh } from './graph/exec-node.ts';
export type {
  CopyStep,
  FileStep,
  MakeDirectoryStep,
  MakeFileStep,
  OwnerText,
  RemoveStep,
  SymlinkStep,
} from './graph/file-node.ts';
export { marshal } from './graph/marshal.ts';
export type {
  GraphNode,
  MarshalContext,
  OpOptions,
  Output,
  SourceFile,
  SourceLocation,
} from './graph/node.ts';
export {
  type GitOptions,
  git,
  type HttpOptions,
  http,
  image,
  type LocalOptions,
  local,
  ociLayout,
  source,
} from './graph/source-node.ts';
export { deferred, diff, merge, type RunResult, type State, scratch } from './graph/state.ts';
export { LlbError, type LlbErrorCode } from './llb-error.ts';
export {
  type BuildOp,
  type Definition,
  type DiffOp,
  EMPTY_INPUT,
  type Input,
  type LlbPlatform,
  type Location,
  type MergeOp,
  type Op,
  type OpMetadata,
  type ProgressGroup,
  SKIP_OUTPUT,
  type Source,
  type SourceInfo,
  type SourceOp,
  type SourcePosition,
  type WorkerConstraints,
} from './ops.ts';
export { type ParsedDefinition, type ParsedOp, parseDefinition } from './parse-definition.ts';
export { fromLlbPlatform, toLlbPlatform } from './platform.ts';
export { describeOrigin, originOf, type StepOrigin } from './step-origin.ts';
