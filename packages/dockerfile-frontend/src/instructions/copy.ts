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
    const source = requireSource(name, context, 'copy');
    lowerTransfer(instruction, source.state, context);
    usePaths(source.paths, instruction, context);
    return;
  }
  lowerTransfer(instruction, context.lowering.context, context);
  usePaths(context.lowering.contextPaths, instruction, context);
}

function usePaths(paths: Set<string>, { sources }: CopyInstruction, context: InstructionContext): void {
  for (const source of sources) {
    if (source.type === 'path') paths.add(absolutePath('/', expandHere(context, source.value)));
  }
}
