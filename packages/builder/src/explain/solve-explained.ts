// SPDX-License-Identifier: MIT
import type { Edge, Result } from '@img-build/interfaces';
import type { SolveOptions, Solver, VertexOutcome } from '@img-build/solver';
import type { Explanation } from './explanation.ts';

/** Solves, and lets the explanation know what happens, also when the solve fails. */
export async function solveExplained(
  solver: Solver,
  edges: readonly Edge[],
  { explanation, ...options }: SolveOptions & { readonly explanation: Explanation | undefined },
): Promise<readonly Result[]> {
  if (explanation === undefined) return await solver.solve(edges, options);
  const outcomes: VertexOutcome[] = [];
  const onOutcome = (outcome: VertexOutcome): void => {
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  };
  explanation.begin(edges);
  let succeeded = false;
  try {
    const results = await solver.solve(edges, {
      ...options,
      onOutcome,
      onFailedOutcome: (outcome) => void outcomes.push(outcome),
      beforeExecute: (outcome, find) => explanation.beforeExecute(outcome, find),
    });
    succeeded = true;
    return results;
  } finally {
    await explanation.settle(outcomes, succeeded);
  }
}
