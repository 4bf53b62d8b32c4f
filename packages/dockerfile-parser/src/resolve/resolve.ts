// SPDX-License-Identifier: MIT
import { quote } from '../characters.ts';
import type { Dockerfile } from '../dockerfile.ts';
import { listStages } from '../stages.ts';
import { suggest, withSuggestion } from '../suggestion.ts';
import { draftStage } from './from-words.ts';
import { addGlobalArgs, platformScope } from './global-variables.ts';
import { contextNames } from './named-contexts.ts';
import type { ResolveOptions } from './resolve-options.ts';
import { addProblem, type FileDraft, type StageDraft } from './stage-draft.ts';
import type { ResolvedStage, StageGraph } from './stage-graph.ts';
import { checkOrder } from './stage-order.ts';
import { resolveSteps } from './stage-steps.ts';
import { resolveWord } from './word-expansion.ts';

/** Platform a build is for when nobody says. */
export const DEFAULT_PLATFORM = 'linux/amd64';

/**
 * Works out what a file means: which stage starts from what and needs what, which variables are in force where, and what
 * the words that hold variables come to. Never throws: what is wrong is in `diagnostics`.
 */
export function resolve(
  dockerfile: Pick<Dockerfile, 'instructions' | 'escape'>,
  options: ResolveOptions = {},
): StageGraph {
  const list = listStages(dockerfile);
  const { args = {}, platform = DEFAULT_PLATFORM, buildPlatform = platform } = options;
  const targetStage = options.target || (list.stages.at(-1)?.from.name ?? null);
  const file: FileDraft = {
    escape: dockerfile.escape,
    options,
    args,
    contexts: contextNames(options.contexts),
    platform,
    globals: platformScope({ args, platform, buildPlatform, targetStage }),
    stages: [],
    byName: new Map(),
    diagnostics: [],
  };
  addGlobalArgs(file.globals, list.globalArgs, args, (word, { range: context }) =>
    resolveWord(word, {
      scope: file.globals,
      escape: file.escape,
      onProblem: (message, range) =>
        addProblem(file, { code: 'EXPANSION_INVALID', message, stage: null, range, context }),
    }),
  );
  for (const stage of list.stages) {
    const draft = draftStage(file, stage);
    file.stages.push(draft);
    if (stage.from.name !== null) file.byName.set(stage.from.name, draft.index);
  }
  for (const stage of file.stages) resolveSteps(file, stage);
  checkOrder(file);
  const target = targetOf(file);
  const reached = reachableFrom(file, target);
  return {
    globals: file.globals.own,
    stages: file.stages.map((stage) => finishStage(stage, reached)),
    target,
    diagnostics: file.diagnostics,
  };
}

function targetOf(file: FileDraft): number | null {
  const { stages, byName, diagnostics } = file;
  const { target = '' } = file.options;
  if (stages.length === 0) return null;
  if (target === '') return stages.length - 1;
  const index = byName.get(target.toLowerCase());
  if (index !== undefined) return index;
  const suggestion = suggest(target, byName.keys(), { caseSensitive: false });
  const message = withSuggestion(`target stage ${quote(target)} could not be found`, suggestion);
  diagnostics.push({ code: 'TARGET_UNKNOWN', message, suggestion, stage: null, range: null, contexts: [] });
  return null;
}

function reachableFrom({ stages }: FileDraft, target: number | null): ReadonlySet<number> {
  const reached = new Set<number>(target === null ? [] : [target]);
  for (const index of reached) {
    for (const { origin } of stages[index]?.dependencies ?? []) {
      if (origin.type === 'stage') reached.add(origin.stage);
    }
  }
  return reached;
}

function finishStage(stage: StageDraft, reached: ReadonlySet<number>): ResolvedStage {
  const { index, list, from, base, platform, steps, scope, environmentKnown, dependencies } = stage;
  return {
    index,
    name: list.from.name,
    from,
    base,
    platform,
    steps,
    variables: scope.own,
    environmentKnown,
    dependencies,
    reachable: reached.has(index),
  };
}
