// SPDX-License-Identifier: MIT
import { quote } from '../characters.ts';
import type { SourceRange } from '../source-range.ts';
import { findCircle } from './circle.ts';
import { addProblem, type FileDraft, type StageDraft } from './stage-draft.ts';
import type { StageDependency } from './stage-graph.ts';

/** Reports stages that need each other, and stages that are used before they are defined. */
export function checkOrder(file: FileDraft): void {
  const circle = findCircle(file.stages, (stage) => needsOf(file, stage));
  if (circle === null) return file.stages.forEach((stage) => checkOrderOf(file, stage));
  const stage = circle.node.index;
  const [first] = circle.edges;
  file.diagnostics.push({
    code: 'STAGE_CIRCULAR',
    message: `circular dependency detected on stage: ${displayName(file, circle.node)}`,
    suggestion: null,
    stage,
    range: first?.range ?? null,
    contexts: circle.edges.map(({ context }): SourceRange => context),
  });
}

function* needsOf(
  file: FileDraft,
  { dependencies }: StageDraft,
): Generator<readonly [StageDraft, StageDependency]> {
  for (const dependency of dependencies) {
    const { origin } = dependency;
    const needed = origin.type === 'stage' ? file.stages[origin.stage] : undefined;
    if (needed !== undefined) yield [needed, dependency];
  }
}

function checkOrderOf(file: FileDraft, stage: StageDraft): void {
  for (const { via, name, origin, range, context } of stage.dependencies) {
    if (origin.type !== 'stage' || origin.stage < stage.index) continue;
    const verb = via === 'mount' ? 'mount' : 'copy';
    const message = `cannot ${verb} from stage ${quote(name)}, it needs to be defined before current stage ${quote(displayName(file, stage))}`;
    addProblem(file, { code: 'STAGE_NOT_DEFINED_YET', message, stage: stage.index, range, context });
  }
}

/** What progress calls a stage: its name, else its number; nothing when it is alone. */
function displayName({ stages }: FileDraft, { index, list }: StageDraft): string {
  return list.from.name ?? (stages.length === 1 ? '' : `stage-${index}`);
}
