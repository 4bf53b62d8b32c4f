// SPDX-License-Identifier: MIT
import type { CodePointRange, GlobPart } from './glob.ts';
import { createGlobAutomaton, type GlobAutomaton } from './glob-automaton.ts';

/** A compiled pattern. */
export type GlobMatcher = Pick<GlobAutomaton, 'viable'> & {
  /** Whether the pattern matches all of `path`. */
  readonly matches: (path: string) => boolean;
  /** Whether the pattern matches `path` or a folder it is in. */
  readonly matchesWithParents: (path: string) => boolean;
};

/** More wildcards of any length than this make a backtracking engine slow on hostile names. */
const MAX_REGEXP_WILDCARDS = 2;

/** Compiles a pattern: to a regular expression when that is safe, else to an automaton. */
export function compileGlob(parts: readonly GlobPart[]): GlobMatcher {
  const automaton = createGlobAutomaton(parts);
  const wildcards = parts.filter(
    ({ type }) => type === 'some' || type === 'folders' || type === 'rest',
  ).length;
  if (wildcards > MAX_REGEXP_WILDCARDS) return automaton;
  const source = parts.map(regexpSource).join('');
  const whole = new RegExp(`^${source}$`, 'u');
  const orInside = new RegExp(`^${source}(?:/[^]*)?$`, 'u');
  return {
    matches: (path) => whole.test(path),
    matchesWithParents: (path) => orInside.test(path),
    viable: automaton.viable,
  };
}

const SOURCES = { one: '[^/]', some: '[^/]*', folders: '(?:[^]*/)?', rest: '[^]*' } as const;

function regexpSource(part: GlobPart): string {
  if (part.type === 'character') return escapePoint(part.point);
  if (part.type !== 'class') return SOURCES[part.type];
  // A range whose end comes first is legal and matches nothing.
  const ranges = part.ranges.filter(([low, high]) => low <= high).map(rangeSource);
  return `[${part.negated ? '^' : ''}${ranges.join('')}]`;
}

function rangeSource([low, high]: CodePointRange): string {
  return low === high ? escapePoint(low) : `${escapePoint(low)}-${escapePoint(high)}`;
}

function escapePoint(point: number): string {
  return `\\u{${point.toString(16)}}`;
}
