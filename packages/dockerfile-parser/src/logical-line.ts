// SPDX-License-Identifier: MIT
import type { LineReader, PhysicalLine } from './line-reader.ts';
import type { TokenKind } from './syntax-tree.ts';

/** A stretch of the text with what it is; `text` still has to be told into keyword, flags and arguments. */
export interface Span {
  readonly kind: TokenKind | 'text';
  readonly start: number;
  readonly end: number;
}

/** An instruction on one line: continuations joined, comment and blank lines left out. */
export interface LogicalLine {
  readonly text: string;
  /** Everything the line was made of, in order and without gaps. */
  readonly spans: Span[];
  /** First line that is blank although the one before continues; `null` when none is. */
  readonly emptyContinuation: PhysicalLine | null;
  /** The last physical line that belongs to it. */
  readonly lastLine: PhysicalLine;
  /** Offset in the source of the character at `offset` of {@link LogicalLine.text}. */
  toSource(offset: number): number;
}

/**
 * Joins `first` with the lines that continue it.
 *
 * Nothing is put between the lines and the white space at the start of a
 * continued line stays; only `first` loses its own.
 */
export function readLogicalLine(
  text: string,
  first: PhysicalLine,
  lines: LineReader,
  escape: string,
): LogicalLine {
  const pieces: string[] = [];
  const spans: Span[] = [];
  const logicalStarts: number[] = [];
  const sourceStarts: number[] = [];
  let length = 0;
  let emptyContinuation: PhysicalLine | null = null;
  let lastLine = first;

  const add = (line: PhysicalLine, contentStart: number): boolean => {
    const cut = continuationAt(text, contentStart, line.contentEnd, escape);
    const contentEnd = cut < 0 ? line.contentEnd : cut;
    addSpan(spans, 'whitespace', line.start, contentStart);
    addSpan(spans, 'text', contentStart, contentEnd);
    if (cut < 0) addSpan(spans, 'newline', line.contentEnd, line.end);
    else addSpan(spans, 'continuation', cut, line.end);
    pieces.push(text.slice(contentStart, contentEnd));
    logicalStarts.push(length);
    sourceStarts.push(contentStart);
    length += contentEnd - contentStart;
    return cut >= 0;
  };

  let continues = add(first, first.textStart);
  while (continues) {
    const line = lines.next();
    if (line === null) break;
    lastLine = line;
    if (text[line.textStart] === '#' && line.textStart < line.contentEnd) addCommentLine(spans, line);
    else if (line.textStart === line.contentEnd) {
      emptyContinuation ??= line;
      addSpan(spans, 'whitespace', line.start, line.contentEnd);
      addSpan(spans, 'newline', line.contentEnd, line.end);
    } else continues = add(line, line.start);
  }
  const toSource = (offset: number): number => {
    const index = lastAtMost(logicalStarts, offset);
    return (sourceStarts[index] as number) + offset - (logicalStarts[index] as number);
  };
  return { text: pieces.join(''), spans, emptyContinuation, lastLine, toSource };
}

/** Adds a whole comment line. */
export function addCommentLine(spans: Span[], line: PhysicalLine): void {
  addSpan(spans, 'whitespace', line.start, line.textStart);
  addSpan(spans, 'comment', line.textStart, line.contentEnd);
  addSpan(spans, 'newline', line.contentEnd, line.end);
}

/** Adds a span unless it is empty. */
export function addSpan(spans: Span[], kind: Span['kind'], start: number, end: number): void {
  if (end > start) spans.push({ kind, start, end });
}

/**
 * Where the escape character that continues the line stands; `-1` when the line ends here.
 *
 * An escape character right behind another one is escaped itself, however many there are.
 */
function continuationAt(text: string, start: number, end: number, escape: string): number {
  let at = end;
  while (at > start && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  if (at === start || text[at - 1] !== escape) return -1;
  return at - 1 > start && text[at - 2] === escape ? -1 : at - 1;
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
