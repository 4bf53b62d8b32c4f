// SPDX-License-Identifier: MIT

import type { ArgDeclaration } from '../ast.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import { processWord } from '../expand.ts';
import type { RunInstruction } from '../instruction.ts';
import { resolveMount } from '../mount.ts';
import { type ExpandableWord, expandableWords } from './expandable-words.ts';
import { buildArg } from './global-variables.ts';
import { splitPlatform } from './platform-text.ts';
import { addProblem, type FileDraft, type PlacedInstruction, type StageDraft } from './stage-draft.ts';
import type { ResolvedWord } from './stage-graph.ts';
import { addSources } from './step-sources.ts';
import { triggersOf } from './triggers.ts';
import { resolveWord } from './word-expansion.ts';

/** PATH of every stage that has none. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Arguments that steer the build and never become variables. */
const NOT_VARIABLES: ReadonlySet<string> = new Set([
  'BUILDKIT_SBOM_SCAN_CONTEXT',
  'BUILDKIT_SBOM_SCAN_STAGE',
]);

/** Walks through the instructions of a stage whose base stage is done. */
export function resolveSteps(file: FileDraft, stage: StageDraft): void {
  addImageVariables(file, stage);
  if (stage.replaced) return;
  const own = stage.list.instructions.map((instruction) => ({
    instruction,
    onbuild: false,
    range: instruction.range,
  }));
  for (const placed of [...triggersOf(file, stage), ...own]) {
    addSources(file, stage, placed);
    const words = resolveStep(file, stage, placed);
    stage.steps.push({ ...placed, words });
  }
}

function addImageVariables(
  { options, stages }: FileDraft,
  { base, image, scope, platform }: StageDraft,
): void {
  if (base.type === 'stage') {
    // A stage begins with its base's config, which knows nothing of ARGs.
    for (const variable of stages[base.stage]?.scope.hiddenByArgs() ?? []) scope.set(variable);
    return;
  }
  for (const pair of image?.env ?? []) {
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    scope.set({ name, value, origin: 'image', step: -1, range: null });
  }
  const os = splitPlatform(platform ?? options.platform ?? '')?.os;
  if (scope.get('PATH') === undefined && os?.toLowerCase() !== 'windows')
    scope.set({ name: 'PATH', value: DEFAULT_PATH, origin: 'default', step: -1, range: null });
}

/** Expands the words of an instruction with the variables before it, then applies what it sets. */
function resolveStep(file: FileDraft, stage: StageDraft, placed: PlacedInstruction): readonly ResolvedWord[] {
  const { instruction } = placed;
  if (instruction.kind === 'arg') {
    return instruction.declarations.flatMap((declaration) => declare(file, stage, placed, declaration));
  }
  const words = expandableWords(instruction).map((word) => expandIn(file, stage, placed, word));
  if (instruction.kind === 'env') {
    const step = stage.steps.length;
    for (let index = 0; index + 1 < words.length; index += 2) {
      const [key, value] = [words[index] as ResolvedWord, words[index + 1] as ResolvedWord];
      if (key.value !== null)
        stage.scope.set({ name: key.value, value: value.value, origin: 'env', step, range: key.range });
    }
  }
  if (instruction.kind === 'run' && words.every(({ value }) => value !== null))
    checkMounts(file, stage, placed, instruction);
  return words;
}

/** Defaults of one ARG see the arguments before them. */
function declare(
  file: FileDraft,
  stage: StageDraft,
  placed: PlacedInstruction,
  { name: { value: name, range }, value: written }: ArgDeclaration,
): readonly ResolvedWord[] {
  const given = buildArg(file.args, name);
  const word =
    given !== undefined || written === null
      ? null
      : expandIn(file, stage, placed, { written: written.value, range: written.range, kind: 'word' });
  const inherited = written === null ? file.globals.get(name) : undefined;
  stage.scope.set({
    name,
    value: NOT_VARIABLES.has(name) ? null : (given ?? word?.value ?? inherited ?? null),
    origin: 'arg',
    step: stage.steps.length,
    range: placed.onbuild ? placed.range : range,
  });
  return word === null ? [] : [word];
}

function expandIn(
  file: FileDraft,
  stage: StageDraft,
  { onbuild, range: context }: PlacedInstruction,
  word: ExpandableWord,
): ResolvedWord {
  return resolveWord(word, {
    scope: stage.scope,
    escape: file.escape,
    rangeInstead: onbuild ? context : undefined,
    onProblem: (message, range) =>
      addProblem(file, { code: 'EXPANSION_INVALID', message, stage: stage.index, range, context }),
  });
}

function checkMounts(
  file: FileDraft,
  stage: StageDraft,
  { onbuild, range: context }: PlacedInstruction,
  { mounts }: RunInstruction,
): void {
  for (const mount of mounts) {
    try {
      resolveMount(mount, (value) => processWord(value, stage.scope, { escape: file.escape }));
    } catch (error) {
      if (!(error instanceof DockerfileError)) throw error;
      const { message } = error;
      const range = onbuild ? context : mount.range;
      addProblem(file, { code: 'MOUNT_INVALID', message, stage: stage.index, range, context });
    }
  }
}
