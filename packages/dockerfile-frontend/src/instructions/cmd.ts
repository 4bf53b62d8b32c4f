// SPDX-License-Identifier: MIT
import type { CmdInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { goQuoteList } from '../text/go-format.ts';
import { commandWords } from './command-form.ts';
import type { InstructionContext } from './instruction-context.ts';

/** Sets the image's default command. */
export function lowerCmd(instruction: CmdInstruction, { stage }: InstructionContext): void {
  const words = commandWords(instruction.command, stage.image);
  stage.image.config.Cmd = words;
  stage.image.config.ArgsEscaped = true;
  stage.commandSet = true;
  addHistory(stage.image, `CMD ${goQuoteList(words)}`, { layer: false });
}
