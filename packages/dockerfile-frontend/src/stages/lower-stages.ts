// SPDX-License-Identifier: MIT
import type { Lowering } from '../lowering.ts';
import { lowerStage } from './lower-stage.ts';
import type { Stage } from './stage.ts';
import { reachableFrom } from './stage-graph.ts';

/**
 * Lowers stages and all they need, in file order: what an instruction takes files from has to come before it. Only a
 * stage that a named context stands for may come later. Takes time linear in the number of stages and what they need.
 */
export function lowerStages(roots: readonly Stage[], lowering: Lowering): void {
  const needed = reachableFrom(...roots);
  for (const stage of lowering.graph.stages) if (needed.has(stage)) lowerWithNeeds(stage, lowering);
}

/** A loop, since chains of stages can be longer than the call stack. */
function lowerWithNeeds(stage: Stage, lowering: Lowering): void {
  const open = [{ stage, needs: needsOf(stage) }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.needs.next();
    if (next.done !== true) {
      if (!next.value.done) open.push({ stage: next.value, needs: needsOf(next.value) });
      continue;
    }
    if (!top.stage.done) lowerStage(top.stage, lowering);
    open.pop();
  }
}

/** What is lowered before a stage. Without named contexts that are stages it is done already: it comes earlier. */
function* needsOf(stage: Stage): Generator<Stage> {
  if (stage.done) return;
  if (stage.base !== undefined) yield stage.base;
  for (const needed of stage.dependencies.keys())
    if (needed.index < stage.index || stage.before.has(needed)) yield needed;
}
