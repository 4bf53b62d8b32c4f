// SPDX-License-Identifier: MIT
import type { ShellInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { goList } from '../text/go-format.ts';
import type { InstructionContext } from './instruction-context.ts';

/** Sets the shell of the shell forms that follow, also in images that start from this one. */
export function lowerShell(instruction: ShellInstruction, { stage }: InstructionContext): void {
  const words = instruction.args.map((word) => word.value);
  stage.image.config.Shell = words;
  addHistory(stage.image, `SHELL ${goList(words)}`, { layer: false });
}
