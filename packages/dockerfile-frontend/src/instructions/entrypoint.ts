// SPDX-License-Identifier: MIT
import type { EntrypointInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { goQuoteList } from '../text/go-format.ts';
import { commandWords } from './command-form.ts';
import type { InstructionContext } from './instruction-context.ts';

/** Sets the image's entrypoint. A CMD of the base image was meant for another one and is dropped. */
export function lowerEntrypoint(instruction: EntrypointInstruction, { stage }: InstructionContext): void {
  const words = commandWords(instruction.command, stage.image);
  stage.image.config.Entrypoint = words;
  if (!stage.commandSet) stage.image.config.Cmd = null;
  addHistory(stage.image, `ENTRYPOINT ${goQuoteList(words)}`, { layer: false });
}
