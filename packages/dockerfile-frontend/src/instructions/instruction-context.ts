// SPDX-License-Identifier: MIT
import type { OpOptions } from '@img-build/llb';
import { expand } from '../expansion.ts';
import { FrontendError } from '../frontend-error.ts';
import { type Lowering, locationIn } from '../lowering.ts';
import type { Command, Stage } from '../stages/stage.ts';
import { describeInstruction, stepPrefix } from '../step-name.ts';
import { originDescription } from '../step-origin.ts';

/** What an instruction works on. */
export interface InstructionContext {
  readonly stage: Stage;
  readonly command: Command;
  readonly lowering: Lowering;
}

/** Expands a word with the variables in force before the instruction. */
export function expandHere({ stage, lowering }: InstructionContext, word: string): string {
  return expand(word, stage.environment, lowering.escape);
}

/** Name and place of the op an instruction becomes. Counts a step. */
export function stepOptions(context: InstructionContext, addition = ''): OpOptions {
  return { ...opOptions(context), name: countStep(context) + nameOf(context) + addition };
}

/** Counts a step and gives the prefix of its name. */
export function countStep({ stage, command, lowering }: InstructionContext): string {
  return stepPrefix(stage, lowering, {
    platform: stage.platform,
    environment: stage.environment,
    onbuild: command.onbuild,
  });
}

/** The instruction as progress shows it. */
export function nameOf({ stage, command, lowering }: InstructionContext): string {
  return describeInstruction(command.instruction.original, stage.environment, lowering);
}

/** Place and caching of the op an instruction becomes, without a name. */
export function opOptions(context: InstructionContext): OpOptions {
  const { stage, command, lowering } = context;
  return {
    ignoreCache: stage.ignoreCache ? true : undefined,
    location: locationIn(lowering, command.range),
    description: originDescription(context),
  };
}

/** Folder the instruction works in. */
export function workingDirectory({ stage }: InstructionContext): string {
  return stage.image.config.WorkingDir || '/';
}

/** Something wrong with an instruction's arguments; the composer adds the place. */
export function invalid(message: string, hint?: string): FrontendError {
  return new FrontendError(message, { code: 'INSTRUCTION_INVALID', hint });
}
