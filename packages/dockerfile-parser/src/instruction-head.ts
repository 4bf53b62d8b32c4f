// SPDX-License-Identifier: MIT
import { isBlank, isSpace, skipSpace, trimSpaceEnd } from './characters.ts';

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;

/** A leading word that starts with `--`, quotes and escapes removed. */
export interface FlagWord {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Where each code unit of the value stands; `null` when the value is `[start, end)` of the text as it is. */
  readonly positions: readonly number[] | null;
}

/** Where the parts of a logical line are; offsets into its text. */
export interface InstructionHead {
  readonly keywordStart: number;
  readonly keywordEnd: number;
  readonly flags: readonly FlagWord[];
  /** A bare `--` ended the flags here; `null` when there is none. */
  readonly separator: { readonly start: number; readonly end: number } | null;
  /** First character of the arguments; white space at both ends is left out. */
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
}

/** Finds keyword, flags and arguments in `text` from offset `from`. */
export function splitInstruction(text: string, from: number): InstructionHead {
  const end = trimSpaceEnd(text, from, text.length);
  const keywordStart = skipSpace(text, from, end);
  let keywordEnd = keywordStart;
  while (keywordEnd < end && !isBlank(text.charCodeAt(keywordEnd))) keywordEnd++;
  const flags: FlagWord[] = [];
  let separator: InstructionHead['separator'] = null;
  let at = skipSpace(text, keywordEnd, end);
  while (separator === null && text.startsWith('--', at) && at < end) {
    const word = readFlagWord(text, at, end);
    if (word.value === '--') separator = { start: word.start, end: word.end };
    else flags.push(word);
    at = skipSpace(text, word.end, end);
  }
  return { keywordStart, keywordEnd, flags, separator, argumentsStart: at, argumentsEnd: end };
}

/**
 * Reads one flag word. The escape character here is always the backslash,
 * whatever the `escape` directive says; BuildKit does the same.
 */
function readFlagWord(text: string, start: number, end: number): FlagWord {
  for (let at = start; at <= end; at++) {
    const code = at === end ? SPACE : text.charCodeAt(at);
    if (isSpace(code)) return { value: text.slice(start, at), start, end: at, positions: null };
    if (code === BACKSLASH || code === SINGLE_QUOTE || code === DOUBLE_QUOTE) break;
  }
  return readQuotedFlagWord(text, start, end);
}

function readQuotedFlagWord(text: string, start: number, end: number): FlagWord {
  const positions: number[] = [];
  let quote = '';
  let at = start;
  for (; at < end; at++) {
    const character = text[at] as string;
    if (quote === '' && isSpace(text.charCodeAt(at))) break;
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character !== '\\') positions.push(at);
    else if (at + 1 < end) positions.push(++at);
  }
  const value = positions.map((position) => text[position]).join('');
  return { value, start, end: at, positions };
}
