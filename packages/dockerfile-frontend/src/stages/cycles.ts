// SPDX-License-Identifier: MIT
import { findCircle } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import { FrontendError } from '../frontend-error.ts';
import type { Stage } from './stage.ts';

/**
 * Looks for stages that need each other, directly or through others.
 *
 * @throws FrontendError `STAGE_ORDER_INVALID` with the places that close the circle
 */
export function refuseCycles(stages: readonly Stage[]): void {
  const circle = findCircle(stages, needsOf);
  if (circle === null) return;
  throw new FrontendError(`circular dependency detected on stage: ${circle.node.displayName}`, {
    code: 'STAGE_ORDER_INVALID',
    ranges: circle.edges,
  });
}

function needsOf(stage: Stage): readonly (readonly [Stage, SourceRange])[] {
  return [...(stage.base === undefined ? [] : [[stage.base, stage.range] as const]), ...stage.dependencies];
}
