// SPDX-License-Identifier: MIT
import { DockerfileError } from './dockerfile-error.ts';

const ANY = -1;
const NEWLINE = 10;

/**
 * A pattern of `${v#p}`, `${v%p}`, `${v/p/r}`: literal runs with `*` between them.
 *
 * `*` and `?` never match a line feed, unless the pattern itself names one.
 */
interface VariablePattern {
  /** Code points, or {@link ANY} for `?`. */
  readonly segments: readonly (readonly number[])[];
  readonly crossesLines: boolean;
}

/** Removes the shortest (`greedy`: longest) start of `value` that matches. */
export function trimPrefix(value: string, pattern: string, greedy: boolean): string {
  const points = codePoints(value);
  const end = matchFrom(compile(pattern), points, 0, greedy).end;
  return end < 0 ? value : textOf(points, end, points.length);
}

/** Removes the shortest (`greedy`: longest) end of `value` that matches. */
export function trimSuffix(value: string, pattern: string, greedy: boolean): string {
  const compiled = compile(pattern);
  const reversed = codePoints(value).reverse();
  const mirrored = {
    ...compiled,
    segments: compiled.segments.map((segment) => segment.toReversed()).reverse(),
  };
  const end = matchFrom(mirrored, reversed, 0, greedy).end;
  return end < 0 ? value : textOf(reversed.slice(end).reverse(), 0, reversed.length - end);
}

/** Replaces the first (`all`: every) longest match by `replacement`, which is taken literally. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string {
  const compiled = compile(pattern);
  const points = codePoints(value);
  const pieces: string[] = [];
  let copied = 0;
  let previousEnd = -1;
  for (let start = 0; start <= points.length; ) {
    const found = findFirst(compiled, points, start);
    if (found === null) break;
    // An empty match right behind a match is none, so `${v//*/x}` gives one x.
    if (found.end > found.start || found.start !== previousEnd) {
      pieces.push(textOf(points, copied, found.start), replacement);
      copied = found.end;
      if (!all) break;
    }
    previousEnd = found.end;
    start = found.end > found.start ? found.end : found.end + 1;
  }
  pieces.push(textOf(points, copied, points.length));
  return pieces.join('');
}

function compile(pattern: string): VariablePattern {
  const segments: number[][] = [[]];
  let crossesLines = false;
  const points = codePoints(pattern);
  for (let at = 0; at < points.length; at++) {
    const point = points[at] as number;
    const segment = segments[segments.length - 1] as number[];
    if (point === 0x2a) segments.push([]);
    else if (point === 0x3f) segment.push(ANY);
    else if (point === 0x5c) segment.push(escapedPoint(pattern, points[++at]));
    else segment.push(point);
    crossesLines ||= point === NEWLINE;
  }
  return { segments, crossesLines };
}

function escapedPoint(pattern: string, point: number | undefined): number {
  const character = point === undefined ? '' : String.fromCodePoint(point);
  if (point !== undefined && '*?\\}/'.includes(character)) return point;
  throw new DockerfileError(`invalid pattern (${pattern}) in substitution: invalid escape '\\${character}'`, {
    code: 'EXPANSION_PATTERN_INVALID',
  });
}

interface Match {
  /** `-1` when nothing matches. */
  readonly end: number;
  /** No match can start before this either. */
  readonly retry: number;
}

function matchFrom(
  pattern: VariablePattern,
  points: readonly number[],
  start: number,
  greedy: boolean,
): Match {
  const { segments } = pattern;
  const first = segments[0] as readonly number[];
  if (!matchesAt(first, points, start)) return { end: -1, retry: start + 1 };
  let at = start + first.length;
  if (segments.length === 1) return { end: at, retry: at };
  const limit = pattern.crossesLines ? points.length : lineEnd(points, at);
  for (let index = 1; index < segments.length; index++) {
    const segment = segments[index] as readonly number[];
    const fromEnd = greedy && index === segments.length - 1;
    const found = fromEnd ? lastOf(segment, points, at, limit) : firstOf(segment, points, at, limit);
    // What a later part needs is missing in this line, so a later start in it cannot help.
    if (found < 0) return { end: -1, retry: limit + 1 };
    at = found + segment.length;
  }
  return { end: at, retry: at };
}

function findFirst(
  pattern: VariablePattern,
  points: readonly number[],
  from: number,
): { start: number; end: number } | null {
  for (let start = from; start <= points.length; ) {
    const match = matchFrom(pattern, points, start, true);
    if (match.end >= 0) return { start, end: match.end };
    start = match.retry;
  }
  return null;
}

function firstOf(segment: readonly number[], points: readonly number[], from: number, limit: number): number {
  for (let at = from; at + segment.length <= limit; at++) {
    if (matchesAt(segment, points, at)) return at;
  }
  return -1;
}

function lastOf(segment: readonly number[], points: readonly number[], from: number, limit: number): number {
  for (let at = limit - segment.length; at >= from; at--) {
    if (matchesAt(segment, points, at)) return at;
  }
  return -1;
}

function matchesAt(segment: readonly number[], points: readonly number[], at: number): boolean {
  if (at + segment.length > points.length) return false;
  for (let index = 0; index < segment.length; index++) {
    const wanted = segment[index];
    const found = points[at + index];
    if (wanted === ANY ? found === NEWLINE : wanted !== found) return false;
  }
  return true;
}

function lineEnd(points: readonly number[], from: number): number {
  const found = points.indexOf(NEWLINE, from);
  return found < 0 ? points.length : found;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) as number);
}

function textOf(points: readonly number[], start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCodePoint(points[at] as number);
  return text;
}
