// SPDX-License-Identifier: MIT
import { skipSpace, utf8Length } from './characters.ts';

/** Longest line in bytes of UTF-8, line feed not counted: the limit of BuildKit's scanner. */
export const MAX_LINE_BYTES = 65_535;

/** One physical line as offsets into the text. */
export interface PhysicalLine {
  readonly start: number;
  /** End of the content: carriage returns and line feed excluded. */
  readonly contentEnd: number;
  /** Start of the next line. */
  readonly end: number;
  /** First character that is not white space, at most `contentEnd`. */
  readonly textStart: number;
}

/** Walks over the lines of a text. */
export interface LineReader {
  /** The next line without taking it; `null` at the end. */
  peek(): PhysicalLine | null;
  /** Takes the next line; `null` at the end. */
  next(): PhysicalLine | null;
}

/**
 * Creates a reader that starts at offset `from`.
 *
 * @param reportLong - called once for every line longer than {@link MAX_LINE_BYTES}.
 */
export function createLineReader(
  text: string,
  from: number,
  reportLong: (line: PhysicalLine) => void,
): LineReader {
  let at = from;
  let peeked: PhysicalLine | null = null;
  const peek = (): PhysicalLine | null => {
    if (peeked === null && at < text.length) {
      peeked = lineAt(text, at);
      if (isTooLong(text, peeked)) reportLong(peeked);
    }
    return peeked;
  };
  return {
    peek,
    next() {
      const line = peek();
      if (line !== null) at = line.end;
      peeked = null;
      return line;
    },
  };
}

function lineAt(text: string, start: number): PhysicalLine {
  const newline = text.indexOf('\n', start);
  const end = newline < 0 ? text.length : newline + 1;
  let contentEnd = newline < 0 ? text.length : newline;
  while (contentEnd > start && text.charCodeAt(contentEnd - 1) === 0x0d) contentEnd--;
  return { start, contentEnd, end, textStart: skipSpace(text, start, contentEnd) };
}

/** A UTF-16 code unit is at most three bytes, so most lines need no counting. */
function isTooLong(text: string, line: PhysicalLine): boolean {
  const units = line.end - line.start;
  if (units * 3 <= MAX_LINE_BYTES) return false;
  const content = text.slice(line.start, line.end);
  return utf8Length(content.endsWith('\n') ? content.slice(0, -1) : content) > MAX_LINE_BYTES;
}
