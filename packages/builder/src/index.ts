// SPDX-License-Identifier: MIT
export { type BuilderPorts, type BuildOptions, type BuildRequest, type BuildTarget, build } from './build.ts';
export type { TreeChecksum } from './build-context.ts';
export { BuilderError, type BuilderErrorCode, ProcessFailedError } from './builder-error.ts';
export type { CacheDestination, CacheMode, CacheTransfer } from './cache/cache-transfer.ts';
export { cacheMountIds } from './cache-mount-ids.ts';
export {
  createExplanation,
  type ExplainedStep,
  type Explanation,
  type ExplanationOptions,
} from './explain/explanation.ts';
export {
  createRecordChains,
  type KnownLayer,
  type LayerFetcher,
  type LayerPresence,
  type LayerProgress,
  type RecordChainParts,
  type RecordChains,
} from './record-chain.ts';
