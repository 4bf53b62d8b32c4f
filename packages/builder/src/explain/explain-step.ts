// SPDX-License-Identifier: MIT
import type { StepQuery, StepReason, StepStore } from '@img-build/interfaces';
import type { EarlierStep, KnownStep, StepComparison } from './step-comparison.ts';

/** What is known besides the steps themselves. */
export interface ExplainStepOptions {
  readonly steps: StepStore;
  readonly comparison: StepComparison;
  /** What an explanation calls the flag that ignores the cache. */
  readonly noCacheFlag: string;
  /** Names of the caches that were imported. */
  readonly importedCaches: readonly string[];
  /** Instructions of this build, as written. */
  readonly instructions: () => ReadonlySet<string>;
}

/**
 * Why a step has to be executed: what differs from the nearest earlier state of it. Empty only for an image that is the same
 * as before: to resolve it is not to build.
 */
export async function explainStep(
  step: KnownStep,
  query: StepQuery,
  options: ExplainStepOptions,
): Promise<readonly StepReason[]> {
  const { steps, comparison, noCacheFlag } = options;
  if (step.outcome.vertex.ignoreCache === true) return [{ kind: 'cache-ignored', flag: noCacheFlag }];
  const earlier = steps.candidates(query).flatMap((stored) => comparison.read(stored) ?? []);
  const nearest = await nearestOf(earlier, step, comparison);
  if (nearest === undefined) return [unknownStep(step, query, options)];
  const { stored, description } = nearest;
  const isOther = description.instruction !== step.description.instruction;
  if (isOther && options.instructions().has(description.instruction)) return [{ kind: 'instruction-added' }];
  const reasons = await comparison.differences(nearest, step, true);
  if (stored.failed) return [{ kind: 'failed-before' }];
  if (reasons.length > 0) return reasons;
  if (step.description.source !== undefined && stored.prunedAt === undefined) return [];
  return [
    stored.prunedAt === undefined ? { kind: 'result-lost' } : { kind: 'record-pruned', at: stored.prunedAt },
  ];
}

function unknownStep(
  step: KnownStep,
  query: StepQuery,
  { steps, importedCaches, comparison }: ExplainStepOptions,
): StepReason {
  // Images come from their registries, whatever caches there are.
  if (importedCaches.length > 0 && step.description.source === undefined) {
    const before = comparison.executedBefore(step);
    if (before.length > 0) return { kind: 'follows', steps: before };
    return { kind: 'not-imported', caches: importedCaches };
  }
  return { kind: steps.knowsProject(query) ? 'instruction-added' : 'first-build' };
}

/** The one with the same words and the fewest differences, and of those the newest. One that failed only when it is the very same, or the only one. */
async function nearestOf(
  earlier: readonly EarlierStep[],
  step: KnownStep,
  comparison: StepComparison,
): Promise<EarlierStep | undefined> {
  const ranking = earlier.map(async (each, age) => {
    const count = (await comparison.differences(each, step, false)).length;
    const otherWords = each.description.instruction === step.description.instruction ? 0 : 1;
    return { each, rank: [each.stored.failed && count > 0 ? 1 : 0, otherWords, count, age] };
  });
  const ranked = await Promise.all(ranking);
  ranked.sort((a, b) => {
    const at = a.rank.findIndex((value, index) => value !== b.rank[index]);
    return at < 0 ? 0 : (a.rank[at] as number) - (b.rank[at] as number);
  });
  return ranked[0]?.each;
}
