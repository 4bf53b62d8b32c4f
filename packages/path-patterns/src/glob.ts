// SPDX-License-Identifier: MIT
import { PathPatternError } from './path-pattern-error.ts';

/** A range of code points, both ends included. */
export type CodePointRange = readonly [low: number, high: number];

/**
 * One element of a pattern.
 *
 * - `character`: itself
 * - `one`: any character but a slash (`?`)
 * - `class`: `[…]`
 * - `some`: any number of characters but slashes (`*`)
 * - `folders`: nothing, or any characters that end in a slash (`**` with something behind it)
 * - `rest`: any characters (`**` at an end)
 */
export type GlobPart =
  | { readonly type: 'character'; readonly point: number }
  | { readonly type: 'class'; readonly negated: boolean; readonly ranges: readonly CodePointRange[] }
  | { readonly type: 'one' | 'some' | 'folders' | 'rest' };

const SLASH = 0x2f;

/** Dialect of a pattern. */
export interface GlobOptions {
  /** `**` crosses slashes; default false: it is the same as `*`. */
  readonly globstar?: boolean;
}

/**
 * Reads a pattern of Go's `path.Match`: `*`, `?`, `[…]` and backslash escapes.
 *
 * @throws PathPatternError `PATTERN_INVALID` for an open or empty class, a range
 *   without an end or a backslash at the end.
 */
export function parseGlob(pattern: string, { globstar = false }: GlobOptions = {}): GlobPart[] {
  const points = Array.from(pattern, (character) => character.codePointAt(0) as number);
  const parts: GlobPart[] = [];
  for (let at = 0; at < points.length; ) {
    const point = points[at] as number;
    if (globstar && point === 0x2a && points[at + 1] === 0x2a) {
      at += points[at + 2] === SLASH ? 3 : 2;
      parts.push({ type: at >= points.length ? 'rest' : 'folders' });
    } else if (point === 0x2a) {
      at++;
      if (parts.at(-1)?.type !== 'some') parts.push({ type: 'some' });
    } else if (point === 0x3f) {
      at++;
      parts.push({ type: 'one' });
    } else if (point === 0x5b) {
      const found = parseClass(pattern, points, at);
      parts.push(found.part);
      at = found.end;
    } else {
      const escaped = point === 0x5c;
      parts.push({ type: 'character', point: pointAt(pattern, points, escaped ? at + 1 : at) });
      at += escaped ? 2 : 1;
    }
  }
  return parts;
}

function parseClass(
  pattern: string,
  points: readonly number[],
  open: number,
): { part: GlobPart; end: number } {
  const negated = points[open + 1] === 0x5e;
  const ranges: CodePointRange[] = [];
  let at = open + (negated ? 2 : 1);
  while (points[at] !== 0x5d || ranges.length === 0) {
    const low = classPoint(pattern, points, at);
    at = low.end;
    if (points[at] === 0x2d) {
      const high = classPoint(pattern, points, at + 1);
      at = high.end;
      ranges.push([low.point, high.point]);
    } else ranges.push([low.point, low.point]);
  }
  return { part: { type: 'class', negated, ranges }, end: at + 1 };
}

function classPoint(pattern: string, points: readonly number[], at: number): { point: number; end: number } {
  const point = pointAt(pattern, points, at);
  if (point === 0x2d || point === 0x5d) throw invalidPattern(pattern);
  const escaped = point === 0x5c;
  const end = at + (escaped ? 2 : 1);
  pointAt(pattern, points, end);
  return { point: pointAt(pattern, points, end - 1), end };
}

function pointAt(pattern: string, points: readonly number[], at: number): number {
  const point = points[at];
  if (point === undefined) throw invalidPattern(pattern);
  return point;
}

/** The error for a pattern that is none. */
export function invalidPattern(pattern: string): PathPatternError {
  return new PathPatternError(`syntax error in pattern ${JSON.stringify(pattern)}`, {
    code: 'PATTERN_INVALID',
  });
}

/** Whether an element that stands for exactly one character stands for this one. */
export function matchesOne(part: GlobPart, point: number): boolean {
  if (part.type === 'character') return part.point === point;
  if (part.type === 'one') return point !== SLASH;
  if (part.type !== 'class') return false;
  return part.negated !== part.ranges.some(([low, high]) => low <= point && point <= high);
}
