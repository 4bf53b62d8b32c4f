// SPDX-License-Identifier: MIT

/** One place in the text. */
export interface Position {
  /** UTF-16 code units from the start of the text, so `text.slice(start.offset, end.offset)` is what the node covers. */
  readonly offset: number;
  /** Physical line, first line is 1. Lines end at LF. */
  readonly line: number;
  /** UTF-16 code units from the start of the line, first is 1. */
  readonly column: number;
}

/** Half-open span of the text: `end` is the place after the last character. */
export interface SourceRange {
  readonly start: Position;
  readonly end: Position;
}
