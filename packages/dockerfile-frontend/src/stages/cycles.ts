// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';
import { FrontendError } from '../frontend-error.ts';
import type { Stage } from './stage.ts';

/**
 * Looks for stages that need each other, directly or through others.
 *
 * @throws FrontendError `STAGE_ORDER_INVALID` with the places that close the circle
 */
export function refuseCycles(stages: readonly Stage[]): void {
  const finished = new Set<Stage>();
  const open: {
    readonly stage: Stage;
    readonly needs: Iterator<readonly [Stage, SourceRange]>;
    via: SourceRange;
  }[] = [];
  const enter = (stage: Stage, via: SourceRange): void => {
    const start = open.findIndex((entry) => entry.stage === stage);
    if (start >= 0) {
      const ranges = [...open.slice(start + 1).map((entry) => entry.via), via];
      throw new FrontendError(`circular dependency detected on stage: ${stage.displayName}`, {
        code: 'STAGE_ORDER_INVALID',
        ranges,
      });
    }
    if (!finished.has(stage)) open.push({ stage, needs: needsOf(stage)[Symbol.iterator](), via });
  };
  for (const root of stages) {
    enter(root, root.range);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.needs.next();
      if (next.done !== true) {
        enter(next.value[0], next.value[1]);
      } else {
        finished.add(top.stage);
        open.pop();
      }
    }
  }
}

function needsOf(stage: Stage): readonly (readonly [Stage, SourceRange])[] {
  return [...(stage.base === undefined ? [] : [[stage.base, stage.range] as const]), ...stage.dependencies];
}
