// SPDX-License-Identifier: MIT
import type { ResolvedWord } from '../resolve/stage-graph.ts';
import type { SourceRange } from '../source-range.ts';

/** Where a word uses a variable first: `$name` or `${name…}`. The whole word when it spans lines or is not written like that. */
export function rangeOfVariable({ written, range }: ResolvedWord, name: string): SourceRange {
  const { start, end } = range;
  if (start.line !== end.line || end.offset - start.offset !== written.length) return range;
  const at = findVariable(written, name);
  if (at === null) return range;
  const move = (by: number): SourceRange['start'] => ({
    offset: start.offset + by,
    line: start.line,
    column: start.column + by,
  });
  return { start: move(at.start), end: move(at.end) };
}

function findVariable(
  written: string,
  name: string,
): { readonly start: number; readonly end: number } | null {
  for (let start = written.indexOf('$'); start >= 0; start = written.indexOf('$', start + 1)) {
    const braced = written[start + 1] === '{';
    const nameStart = start + (braced ? 2 : 1);
    const nameEnd = nameStart + name.length;
    if (!written.startsWith(name, nameStart) || isNamePart(written[nameEnd])) continue;
    const close = braced ? written.indexOf('}', nameEnd) : nameEnd - 1;
    return { start, end: close < 0 ? written.length : close + 1 };
  }
  return null;
}

function isNamePart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{Nd}_]/u.test(character);
}
