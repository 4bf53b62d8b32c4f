// SPDX-License-Identifier: MIT
import { type LineSpan, linesOf } from './line-span.ts';
import type { SourceRange } from './source-range.ts';

const FENCE = '-'.repeat(20);
/** Lines shown around a single line; one less is shown around several. */
const CONTEXT = 2;
/** Characters shown of a line: more hides what the excerpt is for. */
const MAX_WIDTH = 400;

/**
 * The lines of some ranges with their surroundings, numbered and fenced, `>>>` before each marked one:
 *
 *     Dockerfile:2
 *     --------------------
 *        1 |     FROM alpine
 *        2 | >>> RUN false
 *     --------------------
 *
 * Control characters are shown as pictures, so that a file cannot steer the terminal.
 *
 * @returns an empty text when nothing is to be marked, or not in `text`.
 */
export function formatExcerpt(file: string, text: string, ranges: readonly SourceRange[]): string {
  return excerptOf(file, splitLines(text), ranges);
}

/** The lines of a text, for {@link excerptOf}. */
export function splitLines(text: string): readonly string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** {@link formatExcerpt} for many excerpts of one text. */
export function excerptOf(file: string, lines: readonly string[], ranges: readonly SourceRange[]): string {
  const spans = ranges.map(linesOf).filter(({ first }) => first >= 1 && first <= lines.length);
  if (spans.length === 0) return '';
  let [first, last] = [lines.length, 1];
  for (const span of spans) {
    first = Math.min(first, span.first);
    last = Math.min(lines.length, Math.max(last, span.last));
  }
  const around = first === last ? CONTEXT : CONTEXT - 1;
  const shown: string[] = [];
  for (let line = Math.max(1, first - around); line <= Math.min(lines.length, last + around); line++)
    shown.push(formatLine(line, lines[line - 1] ?? '', spans));
  return [`${visible(file)}:${first}`, FENCE, ...shown, FENCE, ''].join('\n');
}

function formatLine(number: number, line: string, spans: readonly LineSpan[]): string {
  const marked = spans.some(({ first, last }) => first <= number && number <= last);
  const cut = line.length <= MAX_WIDTH ? line : `${line.slice(0, MAX_WIDTH)}…`;
  return ` ${String(number).padStart(3)} | ${marked ? '>>>' : '   '} ${visible(cut)}`.trimEnd();
}

/** Text without control characters other than tabs. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\0-\x08\n-\x1f\x7f-\x9f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\u2421';
  });
}
