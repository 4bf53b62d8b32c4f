// SPDX-License-Identifier: MIT
import { isSpace } from './characters.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { type ScannerState, unterminated } from './scanner-state.ts';
import { scanDollar } from './substitution.ts';
import type { WordCollector } from './word-collector.ts';

/** Deepest nesting of `${a:-${b:-…}}`; protects the stack from hostile input. */
const MAX_DEPTH = 500;

/** Reads up to and over `stop`, or to the end when `stop` is empty. */
export function scanUntil(
  state: ScannerState,
  stop: string,
  keepEscapes: boolean,
  words: WordCollector | null,
): string {
  const outer = state.keepEscapes;
  state.keepEscapes = keepEscapes;
  if (++state.depth > MAX_DEPTH) {
    throw new DockerfileError(`expansions nested deeper than ${MAX_DEPTH}`, { code: 'EXPANSION_TOO_DEEP' });
  }
  const { text, escape } = state;
  const quotes = !state.ignoreQuotes;
  let result = '';
  while (state.at < text.length) {
    const character = text[state.at] as string;
    if (character === stop) {
      state.at++;
      state.keepEscapes = outer;
      state.depth--;
      return result;
    }
    if (character === '$') {
      const value = scanDollar(state);
      result += value;
      words?.addSplitting(value);
    } else if (quotes && (character === "'" || character === '"')) {
      const value = character === "'" ? scanSingleQuoted(state) : scanDoubleQuoted(state);
      result += value;
      words?.addWhole(value);
    } else if (character === escape) {
      const value = scanEscape(state);
      result += value;
      if (value !== '') words?.addWhole(value);
    } else if (character === '<' && words !== null && text[state.at + 1] === '<') {
      const value = scanHeredocOperator(state);
      result += value;
      words.addWhole(value);
    } else {
      const value = scanPlain(state, stop, quotes);
      result += value;
      words?.addSplitting(value);
    }
  }
  if (stop !== '') throw unterminated(`unexpected end of statement while looking for matching ${stop}`);
  state.keepEscapes = outer;
  state.depth--;
  return result;
}

function scanPlain(state: ScannerState, stop: string, quotes: boolean): string {
  const { text, escape } = state;
  const start = state.at++;
  while (state.at < text.length) {
    const character = text[state.at] as string;
    if (character === '$' || character === escape || character === stop || character === '<') break;
    if (quotes && (character === "'" || character === '"')) break;
    state.at++;
  }
  return text.slice(start, state.at);
}

/** The escape character and what it escapes; at the end of the word it just vanishes. */
function scanEscape(state: ScannerState): string {
  const kept = state.keepEscapes ? state.escape : '';
  const point = state.text.codePointAt(++state.at);
  if (point === undefined) return kept;
  const escaped = String.fromCodePoint(point);
  state.at += escaped.length;
  return kept + escaped;
}

/** `<<` belongs to the word after it, blanks included, so that a heredoc is one word. */
function scanHeredocOperator(state: ScannerState): string {
  const start = state.at;
  state.at += 2;
  while (state.at < state.text.length && isSpace(state.text.charCodeAt(state.at))) state.at++;
  return state.text.slice(start, state.at);
}

function scanSingleQuoted(state: ScannerState): string {
  const end = state.text.indexOf("'", state.at + 1);
  if (end < 0) {
    state.at = state.text.length;
    throw unterminated('unexpected end of statement while looking for matching single-quote');
  }
  const start = state.at;
  state.at = end + 1;
  return state.keepQuotes ? state.text.slice(start, end + 1) : state.text.slice(start + 1, end);
}

function scanDoubleQuoted(state: ScannerState): string {
  const { text, escape } = state;
  const mark = state.keepQuotes ? '"' : '';
  let result = mark;
  let start = ++state.at;
  while (state.at < text.length) {
    const character = text[state.at] as string;
    if (character === '"') {
      result += text.slice(start, state.at++);
      return result + mark;
    }
    if (character === '$') {
      result += text.slice(start, state.at);
      result += scanDollar(state);
      start = state.at;
    } else if (character === escape) {
      result += text.slice(start, state.at);
      result += scanQuotedEscape(state);
      start = state.at;
    } else state.at++;
  }
  throw unterminated('unexpected end of statement while looking for matching double-quote');
}

/** Inside double quotes only `"`, `$` and the escape character itself can be escaped. */
function scanQuotedEscape(state: ScannerState): string {
  const { text, escape } = state;
  const kept = state.keepEscapes ? escape : '';
  const next = text[++state.at];
  if (next === undefined) return kept;
  if (next !== '"' && next !== '$' && next !== escape) return kept + escape;
  state.at++;
  return kept + next;
}
