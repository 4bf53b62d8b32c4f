// SPDX-License-Identifier: MIT
import { expandWord, type Instruction, type StageList, suggest } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import type { Platform } from '@img-build/oci';
import { type NamedContext, type NamedContexts, targetOf } from '../contexts/named-contexts.ts';
import { FrontendError } from '../frontend-error.ts';
import { refuseCycles } from './cycles.ts';
import { baseNameOf, type GlobalScope, platformOf } from './from-words.ts';
import { at } from './place.ts';
import { instructionLines } from './source-lines.ts';
import { type Command, Stage } from './stage.ts';

/** The stages of a file and the images their instructions take files from. */
export interface StageGraph {
  /** In file order. */
  readonly stages: readonly Stage[];
  /** By lower-case name; the last definition of a name wins. */
  readonly byName: ReadonlyMap<string, Stage>;
  /** Images that COPY --from and mounts name, by what they are called. */
  readonly images: Map<string, Stage>;
  /** Names of named contexts. */
  readonly contextNames: readonly string[];
  /** The named context that stands for a name. */
  findContext(name: string, platform?: Platform): NamedContext | undefined;
}

/** What expanding FROM lines needs. */
export interface GraphOptions extends GlobalScope {
  readonly contexts: NamedContexts;
  readonly targetPlatform: Platform;
  readonly noCache: boolean | readonly string[];
}

/**
 * Makes the stages and finds what each one depends on.
 *
 * @throws FrontendError `BASE_INVALID`, `STAGE_NOT_FOUND`, `STAGE_ORDER_INVALID`, `INSTRUCTION_INVALID`
 */
export function createStageGraph(list: StageList, options: GraphOptions): StageGraph {
  const findContext = (name: string, platform: Platform = options.targetPlatform): NamedContext | undefined =>
    options.contexts.find(name, platform);
  const stages: Stage[] = [];
  const byName = new Map<string, Stage>();
  for (const [index, { from, instructions }] of list.stages.entries()) {
    const range = instructionLines(from);
    const stage = new Stage({
      baseName: at(range, () => baseNameOf(from.base.value, options)),
      from,
      range,
      index,
    });
    for (const word of [from.base, from.platform]) noteVariables(stage, word?.value ?? '', options);
    const written = from.platform?.value;
    if (written !== undefined) stage.platform = at(range, () => platformOf(written, options));
    stage.displayName = stage.name === '' ? `stage-${index}` : stage.name;
    const replacement = stage.name === '' ? undefined : findContext(stage.name, stage.platform);
    // Looked up before the stage itself gets a name: `FROM x AS x` means the image or earlier stage.
    if (replacement === undefined) stage.base = byName.get(stage.baseName);
    if (stage.base === undefined && (replacement !== undefined || stage.baseName !== 'scratch'))
      stage.context = replacement ?? findContext(stage.baseName, stage.platform);
    stage.replaced = replacement !== undefined;
    stage.ignoreCache =
      typeof options.noCache === 'boolean'
        ? options.noCache
        : options.noCache.some((name) => name.toLowerCase() === stage.name && name !== '');
    const ownStep =
      stage.baseName === 'scratch' || stage.base !== undefined || stage.context !== undefined ? 0 : 1;
    stage.stepTotal = stage.replaced ? 0 : ownStep + instructions.filter(isStep).length;
    stages.push(stage);
    if (stage.name !== '') byName.set(stage.name, stage);
  }
  const graph: StageGraph = {
    stages,
    byName,
    images: new Map(),
    contextNames: options.contexts.names,
    findContext,
  };
  for (const stage of stages) startFromTarget(stage, graph);
  for (const [index, { instructions }] of list.stages.entries()) {
    const stage = stages[index] as Stage;
    // What replaces a stage is not changed by the stage's instructions, and needs nothing they need.
    if (stage.replaced) continue;
    stage.commands = instructions.map((instruction) =>
      createCommand(instruction, { graph, stage, range: instructionLines(instruction), onbuild: false }),
    );
  }
  refuseCycles(stages);
  if (stages.length + graph.images.size === 1) (stages[0] as Stage).displayName = '';
  return graph;
}

/** Variables in FROM are parameters of the stage. */
function noteVariables(stage: Stage, word: string, { globals, escape }: GlobalScope): void {
  for (const name of expandWord(word, globals.toMap(), { escape }).matched) stage.outline.used.add(name);
}

/** Instructions that count in `[stage 2/5]`. */
export function isStep({ kind }: Instruction): boolean {
  return kind === 'run' || kind === 'copy' || kind === 'add' || kind === 'workdir';
}

/** Where a command stands. */
export interface CommandPlace {
  readonly graph: StageGraph;
  readonly stage: Stage;
  readonly range: SourceRange;
  readonly onbuild: boolean;
}

/** Finds the stages an instruction takes files from and makes them dependencies of its stage. */
export function createCommand(
  instruction: Instruction,
  { graph, stage, range, onbuild }: CommandPlace,
): Command {
  const sources = new Map<string, Stage>();
  for (const { name, byIndex } of sourceNames(instruction)) {
    const found = at(range, () => findSource({ graph, stage, range, onbuild }, name, byIndex));
    sources.set(name, found);
    if (!stage.dependencies.has(found)) stage.dependencies.set(found, range);
  }
  return { instruction, sources, onbuild, range };
}

function sourceNames(
  instruction: Instruction,
): readonly { readonly name: string; readonly byIndex: boolean }[] {
  if (instruction.kind === 'copy' && instruction.from !== null && instruction.from.value !== '') {
    return [{ name: instruction.from.value, byIndex: true }];
  }
  if (instruction.kind !== 'run') return [];
  return instruction.mounts.flatMap(({ options }) =>
    options.flatMap(({ key, value }) =>
      key === 'from' && value !== null && value !== '' ? [{ name: value, byIndex: false }] : [],
    ),
  );
}

function findSource({ graph, stage: user, range }: CommandPlace, name: string, byIndex: boolean): Stage {
  if (/[$'"\\]/.test(name)) {
    throw new FrontendError(
      `variable expansion is not supported for ${byIndex ? '--from' : 'from'}, define a new stage with FROM using ARG from global scope as a workaround`,
      { code: 'INSTRUCTION_INVALID' },
    );
  }
  if (byIndex && /^[+-]?\d+$/.test(name)) {
    const stage = graph.stages[Number(name)];
    if (stage === undefined)
      throw new FrontendError(`invalid stage index ${Number(name)}`, { code: 'STAGE_NOT_FOUND' });
    return stage;
  }
  const stage = graph.byName.get(name.toLowerCase()) ?? graph.images.get(name);
  if (stage !== undefined) return stage;
  const image = new Stage({ baseName: name, range });
  if (name !== 'scratch') image.context = graph.findContext(name);
  const target = image.context === undefined ? undefined : targetOf(image.context);
  if (target !== undefined) {
    const found = contextTarget(target, graph);
    user.before.add(found);
    return found;
  }
  graph.images.set(name, image);
  return image;
}

/** Makes the stage a `target:` context names the base. */
function startFromTarget(stage: Stage, graph: StageGraph): void {
  const target = stage.context === undefined ? undefined : targetOf(stage.context);
  if (target === undefined) return;
  const base = at(stage.range, () => contextTarget(target, graph));
  stage.context = undefined;
  stage.base = base;
  stage.before.add(base);
}

function contextTarget(target: string, graph: StageGraph): Stage {
  return graph.byName.get(target.toLowerCase()) ?? unknownTarget(target, graph);
}

/**
 * The stage to build.
 *
 * @throws FrontendError `STAGE_NOT_FOUND`
 */
export function targetStage(graph: StageGraph, target: string | undefined): Stage {
  if (target === undefined || target === '') return graph.stages.at(-1) as Stage;
  const stage = graph.byName.get(target.toLowerCase());
  if (stage !== undefined) return stage;
  return unknownTarget(target, graph);
}

function unknownTarget(target: string, graph: StageGraph): never {
  const near = suggest(target, graph.byName.keys(), { caseSensitive: false });
  throw new FrontendError(
    `target stage ${JSON.stringify(target)} could not be found${near === null ? '' : ` (did you mean ${near}?)`}`,
    {
      code: 'STAGE_NOT_FOUND',
    },
  );
}

/** These stages and all they need. */
export function reachableFrom(...roots: readonly Stage[]): Set<Stage> {
  const reached = new Set<Stage>(roots);
  for (const stage of reached) {
    if (stage.base !== undefined) reached.add(stage.base);
    for (const dependency of stage.dependencies.keys()) reached.add(dependency);
  }
  return reached;
}
