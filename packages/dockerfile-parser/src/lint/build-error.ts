// SPDX-License-Identifier: MIT
import { describeDiagnostic, firstError } from '../diagnostic.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { ResolveDiagnostic, ResolveDiagnosticCode } from '../resolve/resolve-diagnostic.ts';
import type { ResolvedStage, StageGraph } from '../resolve/stage-graph.ts';
import type { LintBuildError } from './lint-options.ts';

/** BuildKit looks at all FROMs, then at the target, at what stages need, and only then at single instructions. */
const RANKS: Readonly<Record<ResolveDiagnosticCode, number>> = {
  BASE_BLANK: 0,
  PLATFORM_BLANK: 0,
  PLATFORM_INVALID: 0,
  TARGET_UNKNOWN: 1,
  FROM_NOT_EXPANDED: 2,
  STAGE_INDEX_INVALID: 2,
  STAGE_CIRCULAR: 3,
  TRIGGER_INVALID: 4,
  EXPANSION_INVALID: 5,
  MOUNT_INVALID: 5,
  STAGE_NOT_DEFINED_YET: 5,
};
/** From here on only stages that are built count. */
const IN_STAGE = 4;

/** The error a build of these stages would end with; `null` when nothing is wrong so far. */
export function firstBuildError(
  dockerfile: Dockerfile,
  graph: StageGraph,
  stages: readonly ResolvedStage[],
): LintBuildError | null {
  const error = firstError(dockerfile.diagnostics);
  if (error !== null)
    return { code: error.code, message: describeDiagnostic(error), contexts: [error.context] };
  const built = new Set(stages.map(({ index }) => index));
  let first: ResolveDiagnostic | null = null;
  let lowest = Number.POSITIVE_INFINITY;
  for (const diagnostic of graph.diagnostics) {
    const rank = rankOf(diagnostic, graph);
    if (rank >= lowest || (rank >= IN_STAGE && !built.has(diagnostic.stage ?? -1))) continue;
    first = diagnostic;
    lowest = rank;
  }
  return first === null ? null : { code: first.code, message: first.message, contexts: first.contexts };
}

function rankOf({ code, stage, contexts }: ResolveDiagnostic, { stages }: StageGraph): number {
  if (code !== 'EXPANSION_INVALID') return RANKS[code];
  const from = stage === null ? undefined : stages[stage]?.from.range;
  return stage === null || from?.start.offset === contexts[0]?.start.offset ? 0 : RANKS[code];
}
