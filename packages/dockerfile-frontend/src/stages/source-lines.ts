// SPDX-License-Identifier: MIT
import type { InstructionBase, SourceRange as TextRange } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';

/** The lines a piece of text covers. */
export function linesOf({ start, end }: TextRange): SourceRange {
  // A range that ends before the first character of a line does not touch that line.
  const endLine = end.column === 1 && end.line > start.line ? end.line - 1 : end.line;
  return { startLine: start.line, endLine };
}

/** The lines of an instruction, heredocs included. */
export function instructionLines(instruction: InstructionBase): SourceRange {
  return linesOf(instruction.range);
}
