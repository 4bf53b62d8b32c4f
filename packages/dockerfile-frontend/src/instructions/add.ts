// SPDX-License-Identifier: MIT
import type { AddInstruction } from '@img-build/dockerfile-parser';
import { absolutePath } from '../text/go-path.ts';
import { gitAddressOf } from './add-git.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';
import { lowerTransfer } from './transfer.ts';

/** Copies from the context, unpacking archives, or from the net. */
export function lowerAdd(instruction: AddInstruction, context: InstructionContext): void {
  lowerTransfer(instruction, context.lowering.context, context);
  for (const source of instruction.sources) {
    const path = source.type === 'path' ? expandHere(context, source.value) : undefined;
    if (path === undefined || /^https?:\/\//.test(path) || gitAddressOf(path, instruction) !== undefined)
      continue;
    context.lowering.contextPaths.add(absolutePath('/', path));
  }
}
