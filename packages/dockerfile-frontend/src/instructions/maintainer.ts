// SPDX-License-Identifier: MIT
import type { MaintainerInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import type { InstructionContext } from './instruction-context.ts';

/** Sets the image's author. */
export function lowerMaintainer(instruction: MaintainerInstruction, { stage }: InstructionContext): void {
  stage.image.author = instruction.name.value;
  addHistory(stage.image, `MAINTAINER ${instruction.name.value}`, { layer: false });
}
