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

/** The piece of a text that lines cover, without the end of the last one. */
export function textRange(text: string, { startLine, endLine }: SourceRange): TextRange {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const offset = starts[startLine - 1] ?? text.length;
  const next = starts[endLine];
  const end = next === undefined ? text.length : next - 1;
  return {
    start: { offset, line: startLine, column: 1 },
    end: { offset: end, line: endLine, column: end - (starts[endLine - 1] ?? 0) + 1 },
  };
}
