// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';

const FENCE = '-'.repeat(20);
/** Lines shown before and after the marked ones, as far as they exist; one more is shown around a single line. */
const CONTEXT = 2;
/** Characters shown of a line: more hides what the excerpt is for. */
const MAX_WIDTH = 400;

/**
 * The lines of a range with their surroundings, numbered and fenced, `>>>` before each marked one:
 *
 *     Dockerfile:2
 *     --------------------
 *        1 |     FROM alpine
 *        2 | >>> RUN false
 *     --------------------
 *
 * @returns an empty text when the range lies outside of `source`.
 */
export function formatExcerpt(file: string, source: string, { startLine, endLine }: SourceRange): string {
  const lines = source.replace(/\r?\n$/, '').split(/\r?\n/);
  if (startLine < 1 || startLine > lines.length) return '';
  const last = Math.min(endLine, lines.length);
  const from = Math.max(1, startLine - CONTEXT);
  const to = Math.min(lines.length, last + CONTEXT);
  const out = [`${file}:${startLine}`, FENCE];
  for (let line = from; line <= to; line++) {
    const mark = line >= startLine && line <= last ? '>>>' : '   ';
    out.push(` ${String(line).padStart(3)} | ${mark} ${shortened(lines[line - 1] ?? '')}`.trimEnd());
  }
  out.push(FENCE);
  return `${out.join('\n')}\n`;
}

function shortened(line: string): string {
  return line.length <= MAX_WIDTH ? line : `${line.slice(0, MAX_WIDTH)}…`;
}
