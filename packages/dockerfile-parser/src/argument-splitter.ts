// SPDX-License-Identifier: MIT
import type { CommandForm, Word } from './ast.ts';
import { isBlank, isSpace, skipSpace } from './characters.ts';
import type { InstructionSource } from './instruction-source.ts';

/** Splits `[start, end)` at blanks; quotes mean nothing. */
export function splitAtBlanks(source: InstructionSource, start: number, end: number): Word[] {
  const words: Word[] = [];
  const { text } = source;
  for (let at = start; at < end; ) {
    let wordEnd = at;
    while (wordEnd < end && !isBlank(text.charCodeAt(wordEnd))) wordEnd++;
    if (wordEnd > at) words.push(source.wordAt(at, wordEnd));
    at = wordEnd;
    while (at < end && isBlank(text.charCodeAt(at))) at++;
  }
  return words;
}

/** A quoted word and where it stands in the logical line. */
export interface QuotedWord {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits the arguments at white space outside of quotes and not escaped; quotes
 * and escapes stay in the words. A lone escape character at the very end is dropped.
 */
export function splitQuoted(source: InstructionSource): QuotedWord[] {
  const words: QuotedWord[] = [];
  const { text, argumentsEnd: end } = source;
  for (let at = source.argumentsStart; at < end; ) {
    const start = skipSpace(text, at, end);
    const stop = quotedWordEnd(source, start);
    const valueEnd = stop.dangling ? stop.end - 1 : stop.end;
    if (valueEnd > start) words.push({ value: text.slice(start, valueEnd), start, end: valueEnd });
    at = stop.end;
  }
  return words;
}

function quotedWordEnd(
  { text, argumentsEnd: end, escape }: InstructionSource,
  start: number,
): { end: number; dangling: boolean } {
  let quote = '';
  for (let at = start; at < end; at++) {
    const character = text[at] as string;
    if (quote === '' && isSpace(text.charCodeAt(at))) return { end: at, dangling: false };
    if (character === escape && quote !== "'") {
      if (at + 1 >= end) return { end, dangling: true };
      at++;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return { end, dangling: false };
}

/** Result of reading JSON form: not JSON at all, an array with something else than strings, or the strings. */
export type JsonArray =
  | { readonly type: 'none' }
  | { readonly type: 'invalid' }
  | { readonly type: 'strings'; readonly words: readonly Word[] };

const NO_JSON: JsonArray = { type: 'none' };

/** Reads `[start, end of arguments)` as a JSON array of strings; reports an array with other elements. */
export function readJsonArray(source: InstructionSource, start: number): JsonArray {
  const { text, argumentsEnd: end } = source;
  if (text[start] !== '[' || text[end - 1] !== ']') return NO_JSON;
  let values: unknown;
  try {
    values = JSON.parse(text.slice(start, end));
  } catch {
    return NO_JSON;
  }
  if (!Array.isArray(values)) return NO_JSON;
  if (!values.every((value) => typeof value === 'string')) {
    source.report({
      code: 'JSON_NOT_STRINGS',
      phase: 'syntax',
      message: 'when using JSON array syntax, arrays must be comprised of strings only',
      range: source.rangeAt(start, end),
    });
    return { type: 'invalid' };
  }
  const words: Word[] = [];
  let at = start;
  for (const value of values) {
    const open = text.indexOf('"', at);
    at = jsonStringEnd(text, open);
    words.push({ value, range: source.rangeAt(open, at) });
  }
  return { type: 'strings', words };
}

function jsonStringEnd(text: string, open: number): number {
  let at = open + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Reads `[start, end of arguments)` as exec form when it is JSON, else as shell form; `null` after an error. */
export function readCommandForm(source: InstructionSource, start: number): CommandForm | null {
  const json = readJsonArray(source, start);
  if (json.type === 'invalid') return null;
  if (json.type === 'strings')
    return { form: 'exec', args: json.words, range: source.rangeAt(start, source.argumentsEnd) };
  const { value: text, range } = source.wordAt(start, Math.max(start, source.argumentsEnd));
  return { form: 'shell', text, range };
}

/** The arguments as words: a JSON array, else split at blanks; `null` after an error. */
export function readWordList(source: InstructionSource): readonly Word[] | null {
  const json = readJsonArray(source, source.argumentsStart);
  if (json.type === 'invalid') return null;
  return json.type === 'strings'
    ? json.words
    : splitAtBlanks(source, source.argumentsStart, source.argumentsEnd);
}
