// SPDX-License-Identifier: MIT
import type { SourceRange } from './source-range.ts';

/** First and last line of something; the first line of a file is 1. */
export interface LineSpan {
  readonly first: number;
  readonly last: number;
}

/** The lines a range covers. */
export function linesOf({ start, end }: SourceRange): LineSpan {
  // A range that ends before the first character of a line does not touch that line.
  const last = end.column === 1 && end.line > start.line ? end.line - 1 : end.line;
  return { first: start.line, last };
}
