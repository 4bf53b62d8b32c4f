// SPDX-License-Identifier: MIT
import type { ResolvedStage, StageGraph } from './stage-graph.ts';

/**
 * The variables in force when a step of a stage is executed, inherited ones included: later settings replace earlier
 * ones, and those without a value are left out.
 *
 * @param step - index into the stage's `steps`; their number (the default) means after the last one.
 */
export function variablesAt(
  graph: StageGraph,
  stage: ResolvedStage,
  step: number = stage.steps.length,
): ReadonlyMap<string, string> {
  const chain: ResolvedStage[] = [];
  for (let at: ResolvedStage | undefined = stage; at !== undefined; at = baseStageOf(graph, at))
    chain.push(at);
  const values = new Map<string, string>();
  for (const at of chain.reverse()) {
    for (const variable of at.variables) {
      if (variable.value !== null && (at !== stage || variable.step < step))
        values.set(variable.name, variable.value);
    }
  }
  return values;
}

function baseStageOf({ stages }: StageGraph, { base, index }: ResolvedStage): ResolvedStage | undefined {
  // Only earlier stages: a graph that was put together by hand may hold circles.
  return base.type === 'stage' && base.stage < index ? stages[base.stage] : undefined;
}
