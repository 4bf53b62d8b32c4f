// SPDX-License-Identifier: MIT
import { isSpace, skipSpace } from './characters.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { expandWord } from './expand.ts';

/** A `[fd]<<[-]NAME` word; offsets into the logical line. */
export interface HeredocWord {
  readonly name: string;
  readonly fileDescriptor: number;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly start: number;
  readonly end: number;
}

/** What {@link findHeredocs} found; `problem` is set when a word after `<<` cannot be read. */
export interface HeredocScan {
  readonly heredocs: readonly HeredocWord[];
  readonly problem: { readonly message: string; readonly start: number; readonly end: number } | null;
}

const NONE: HeredocScan = { heredocs: [], problem: null };

/**
 * Finds the heredoc words of a command, quotes and escapes (always backslash) honoured.
 *
 * A command with an unclosed quote has none. `<<` inside `((…))` is a shift.
 */
export function findHeredocs(text: string, from: number, to: number): HeredocScan {
  if (!text.includes('<<')) return NONE;
  const heredocs: HeredocWord[] = [];
  const lastArithmeticEnd = text.lastIndexOf('))', to - 2);
  for (let at = skipSpace(text, from, to); at < to; at = skipSpace(text, at, to)) {
    const operator = operatorAt(text, at, to);
    const nameStart = operator === null ? at : operator.end;
    const end = wordEnd(text, { start: nameStart, to, lastArithmeticEnd });
    if (end < 0) return NONE;
    if (operator !== null && end > nameStart) {
      const written = text.slice(nameStart, end);
      try {
        const name = readName(written);
        if (name !== null)
          heredocs.push({
            ...name,
            chomp: operator.chomp,
            fileDescriptor: operator.fileDescriptor,
            start: at,
            end,
          });
      } catch (error) {
        if (!(error instanceof DockerfileError)) throw error;
        return { heredocs, problem: { message: error.message, start: at, end } };
      }
    }
    at = end;
  }
  return { heredocs, problem: null };
}

interface Operator {
  readonly fileDescriptor: number;
  readonly chomp: boolean;
  /** Start of the name, blanks skipped. */
  readonly end: number;
}

function operatorAt(text: string, start: number, to: number): Operator | null {
  let at = start;
  while (at < to && isDigit(text.charCodeAt(at))) at++;
  if (!text.startsWith('<<', at) || text[at + 2] === '<') return null;
  const fileDescriptor = at === start ? 0 : Number(text.slice(start, at));
  const chomp = text[at + 2] === '-';
  return {
    fileDescriptor: Number.isSafeInteger(fileDescriptor) ? fileDescriptor : 0,
    chomp,
    end: skipSpace(text, at + (chomp ? 3 : 2), to),
  };
}

/** The terminator; `null` when the word is none, such as `<<<` or an empty name. */
function readName(written: string): { name: string; expand: boolean } | null {
  if (written.includes('<')) return null;
  const plain = expandWord(written, {}, { keepUnset: true }).words;
  const name = plain[0];
  if (name === undefined || plain.length !== 1) return null;
  const quoted = expandWord(written, {}, { keepUnset: true, keepQuotes: true }).words.join('');
  return { name, expand: countQuotes(quoted) === countQuotes(name) };
}

function countQuotes(text: string): number {
  return text.length - text.replace(/["']/g, '').length;
}

interface WordBounds {
  readonly start: number;
  readonly to: number;
  /** Where the last `))` of the command stands, so that its absence is found once and not for every `((`. */
  readonly lastArithmeticEnd: number;
}

/** Index of the unquoted white space that ends the word; `-1` when a quote is never closed. */
function wordEnd(text: string, { start, to, lastArithmeticEnd }: WordBounds): number {
  let at = start;
  while (at < to) {
    const character = text[at] as string;
    if (isSpace(text.charCodeAt(at))) return at;
    if (character === '\\') at += 2;
    else if (character === "'" || character === '"') {
      at = closingQuote(text, at, to);
      if (at < 0) return -1;
    } else if (character === '(' && text[at + 1] === '(' && at + 2 <= lastArithmeticEnd)
      at = text.indexOf('))', at + 2) + 2;
    else at++;
  }
  return Math.min(at, to);
}

function closingQuote(text: string, open: number, to: number): number {
  const quote = text[open];
  for (let at = open + 1; at < to; at++) {
    if (text[at] === quote) return at + 1;
    if (text[at] === '\\' && quote === '"') at++;
  }
  return -1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
