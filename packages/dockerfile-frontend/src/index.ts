// SPDX-License-Identifier: MIT
export { FrontendError, type FrontendErrorCode, type FrontendErrorInit } from './frontend-error.ts';
export { lowerDockerfile } from './lower-dockerfile.ts';
export type {
  FrontendWarning,
  LayoutReference,
  LoweredPlatform,
  LowerOptions,
  LowerRequest,
  LowerResult,
  ResolvedBase,
} from './options.ts';
export { formatExcerpt } from './text/excerpt.ts';
