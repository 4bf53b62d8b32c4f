// SPDX-License-Identifier: MIT
export { checkDockerfile } from './checks/check-dockerfile.ts';
export { mainContextSource } from './contexts/only-source.ts';
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
export {
  formatOutline,
  type Outline,
  type OutlineArg,
  type OutlineCache,
  type OutlineMount,
  outlineOf,
} from './subrequests/outline.ts';
export type { SourceLocation } from './subrequests/source-location.ts';
export { formatTargets, type Target, type TargetList, targetsOf } from './subrequests/targets.ts';
export { formatExcerpt } from './text/excerpt.ts';
