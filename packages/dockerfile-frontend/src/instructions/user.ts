// SPDX-License-Identifier: MIT
import type { UserInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';

/** Sets who runs the steps that follow and the container. Names are looked up when a step runs. */
export function lowerUser(instruction: UserInstruction, context: InstructionContext): void {
  const { stage } = context;
  const user = expandHere(context, instruction.user.value);
  stage.user = user;
  stage.image.config.User = user;
  addHistory(stage.image, `USER ${user}`, { layer: false });
}
