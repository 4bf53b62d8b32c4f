// SPDX-License-Identifier: MIT
import { processWord } from '../expand.ts';
import type { CopyInstruction, RunInstruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import { findContext } from './named-contexts.ts';
import { addProblem, type FileDraft, type PlacedInstruction, type StageDraft } from './stage-draft.ts';
import type { FileOrigin } from './stage-graph.ts';

/** Finds what an instruction takes files from and adds it to the dependencies of its stage. */
export function addSources(file: FileDraft, stage: StageDraft, placed: PlacedInstruction): void {
  const { instruction, onbuild, range: context } = placed;
  const at = (range: SourceRange): SourceRange => (onbuild ? context : range);
  if (instruction.kind === 'copy') {
    const { from } = instruction;
    if (from === null || from.value === '') return;
    const range = at(from.range);
    const origin = copyOrigin(file, stage, { instruction, name: from.value, range, context });
    stage.dependencies.push({ via: 'copy', name: from.value, origin, range, context });
  } else if (instruction.kind === 'run') {
    for (const { name, range } of mountSources(instruction)) {
      const origin = namedOrigin(file, stage, name);
      stage.dependencies.push({ via: 'mount', name, origin, range: at(range), context });
    }
  }
}

interface CopyPlace {
  readonly instruction: CopyInstruction;
  readonly name: string;
  readonly range: SourceRange;
  readonly context: SourceRange;
}

function copyOrigin(file: FileDraft, stage: StageDraft, { name, range, context }: CopyPlace): FileOrigin {
  const place = { stage: stage.index, range, context };
  if (!isLiteral(name, file)) {
    const message =
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround';
    addProblem(file, { code: 'FROM_NOT_EXPANDED', message, ...place });
    return { type: 'unknown' };
  }
  if (!/^[+-]?\d+$/.test(name)) return namedOrigin(file, stage, name);
  const index = Number(name);
  if (index >= 0 && index < file.stages.length) return { type: 'stage', stage: index };
  addProblem(file, { code: 'STAGE_INDEX_INVALID', message: `invalid stage index ${index}`, ...place });
  return { type: 'unknown' };
}

function namedOrigin(file: FileDraft, stage: StageDraft, name: string): FileOrigin {
  const index = file.byName.get(name.toLowerCase());
  if (index !== undefined) return { type: 'stage', stage: index };
  if (name === 'scratch') return { type: 'scratch' };
  const context = findContext(file.contexts, name, stage.platform ?? file.platform);
  return context === null ? { type: 'image', name } : { type: 'context', name: context };
}

function mountSources({ mounts }: RunInstruction): readonly { name: string; range: SourceRange }[] {
  return mounts.flatMap(({ options }) =>
    options.flatMap(({ key, value, range }) =>
      key === 'from' && value !== null && value !== '' ? [{ name: value, range }] : [],
    ),
  );
}

/** Whether expansion would leave the word as it is. */
function isLiteral(name: string, { escape }: FileDraft): boolean {
  try {
    return processWord(name, {}, { escape }) === name;
  } catch {
    return false;
  }
}
