// SPDX-License-Identifier: MIT
import type { CopyInstruction } from '@img-build/dockerfile-parser';
import { absolutePath } from '../text/go-path.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';
import { requireSource } from './source-stage.ts';
import { lowerTransfer } from './transfer.ts';

/** Copies from the context, or with `--from` from a stage or an image. */
export function lowerCopy(instruction: CopyInstruction, context: InstructionContext): void {
  const name = instruction.from?.value ?? '';
  if (name !== '') {
    lowerTransfer(instruction, requireSource(name, context, 'copy').state, context);
    return;
  }
  lowerTransfer(instruction, context.lowering.context, context);
  for (const source of instruction.sources) {
    if (source.type === 'path')
      context.lowering.contextPaths.add(absolutePath('/', expandHere(context, source.value)));
  }
}
