// SPDX-License-Identifier: MIT
import type { Lowering } from '../lowering.ts';
import { lowerStage } from './lower-stage.ts';
import type { Stage } from './stage.ts';
import { reachableFrom } from './stage-graph.ts';

/**
 * Lowers stages and all they need, in file order: what an instruction takes files from has to come before it. Only a
 * stage that a named context stands for may come later.
 */
export function lowerStages(roots: readonly Stage[], lowering: Lowering): void {
  const needed = reachableFrom(...roots);
  for (const stage of lowering.graph.stages) {
    if (!needed.has(stage) || stage.done) continue;
    for (const later of stage.before) lowerStages([later], lowering);
    lowerStage(stage, lowering);
  }
}
