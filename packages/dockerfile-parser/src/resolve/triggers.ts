// SPDX-License-Identifier: MIT
import { describeDiagnostic, firstError } from '../diagnostic.ts';
import type { Instruction } from '../instruction.ts';
import { parse } from '../parse.ts';
import { addProblem, type FileDraft, type PlacedInstruction, type StageDraft } from './stage-draft.ts';

/** The ONBUILD triggers of a stage's base, in order: they are executed right behind its FROM. */
export function triggersOf(file: FileDraft, stage: StageDraft): readonly PlacedInstruction[] {
  const { range } = stage.list.from;
  return expressionsOf(file, stage).flatMap((expression) => {
    const instruction = parseTrigger(file, stage, expression);
    return instruction === null ? [] : [{ instruction, onbuild: true, range }];
  });
}

function expressionsOf(file: FileDraft, { base, image }: StageDraft): readonly string[] {
  if (base.type !== 'stage') return image?.onbuild ?? [];
  return (file.stages[base.stage]?.list.instructions ?? []).flatMap((instruction) =>
    instruction.kind === 'onbuild' ? [instruction.expression] : [],
  );
}

/** Triggers go through an image config as text, without the file's escape directive. */
function parseTrigger(file: FileDraft, stage: StageDraft, expression: string): Instruction | null {
  const { range } = stage.list.from;
  const { instructions, diagnostics } = parse(expression);
  const error = firstError(diagnostics.filter(({ phase }) => phase !== 'structure'));
  const [instruction] = instructions;
  if (error === null && instruction !== undefined && instructions.length === 1) return instruction;
  const message =
    error === null ? 'onbuild trigger should be a single expression' : describeDiagnostic(error);
  addProblem(file, { code: 'TRIGGER_INVALID', message, stage: stage.index, range, context: range });
  return null;
}
