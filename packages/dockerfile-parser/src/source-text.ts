// SPDX-License-Identifier: MIT
import type { Position, SourceRange } from './source-range.ts';

/** A text that knows its lines. */
export interface SourceText {
  readonly text: string;
  /** Line and column of an offset. Logarithmic in the number of lines. */
  positionAt(offset: number): Position;
  rangeAt(start: number, end: number): SourceRange;
}

/** Indexes the lines of `text`. */
export function createSourceText(text: string): SourceText {
  const starts = lineStarts(text);
  let recent = 0;
  const positionAt = (offset: number): Position => {
    // Parsing moves forward: nearly always it is the line of the last question, or the next.
    if (!isOnLine(starts, recent, offset))
      recent = isOnLine(starts, recent + 1, offset) ? recent + 1 : findLine(starts, offset);
    return { offset, line: recent + 1, column: offset - (starts[recent] as number) + 1 };
  };
  return { text, positionAt, rangeAt: (start, end) => ({ start: positionAt(start), end: positionAt(end) }) };
}

function isOnLine(starts: Uint32Array, line: number, offset: number): boolean {
  return (
    line < starts.length &&
    (starts[line] as number) <= offset &&
    offset < (starts[line + 1] ?? Number.POSITIVE_INFINITY)
  );
}

function findLine(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineStarts(text: string): Uint32Array {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  const starts = new Uint32Array(count);
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts[line++] = at + 1;
  return starts;
}
