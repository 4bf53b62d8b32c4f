// SPDX-License-Identifier: MIT
import { type GlobPart, matchesOne } from './glob.ts';

const SLASH = 0x2f;

/**
 * Follows all ways to match at once, so the time is at most pattern length times
 * path length whatever the pattern.
 */
export interface GlobAutomaton {
  /** Whether the pattern matches all of `path`. */
  matches(path: string): boolean;
  /** Whether the pattern matches `path` or a folder it is in. */
  matchesWithParents(path: string): boolean;
  /** Whether some path that starts with `prefix` may match. */
  viable(prefix: string): boolean;
}

/** Creates the automaton of a pattern. */
export function createGlobAutomaton(parts: readonly GlobPart[]): GlobAutomaton {
  const accepting = (states: Set<number>): boolean => states.has(parts.length * 2);
  return {
    matches: (path) => accepting(run(parts, path, () => false)),
    matchesWithParents: (path) => accepting(run(parts, path, accepting)),
    viable: (prefix) => run(parts, prefix, () => false).size > 0,
  };
}

/**
 * State `2 * i` is "before element i", `2 * i + 1` is "inside the folders of
 * element i, no slash yet".
 *
 * @param stop - asked before every slash; when true its states are the answer.
 */
function run(parts: readonly GlobPart[], path: string, stop: (states: Set<number>) => boolean): Set<number> {
  let states = new Set<number>();
  enter(parts, states, 0);
  for (const character of path) {
    if (states.size === 0) break;
    if (character === '/' && stop(states)) break;
    states = step(parts, states, character.codePointAt(0) as number);
  }
  return states;
}

/** Adds the state before element `index` and those reachable from it without a character. */
function enter(parts: readonly GlobPart[], states: Set<number>, index: number): void {
  for (let at = index; ; at++) {
    states.add(at * 2);
    const type = parts[at]?.type;
    if (type !== 'some' && type !== 'folders' && type !== 'rest') return;
  }
}

function step(parts: readonly GlobPart[], states: ReadonlySet<number>, point: number): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const index = state >> 1;
    const part = parts[index];
    if (part === undefined) continue;
    if (part.type === 'rest' || (part.type === 'some' && point !== SLASH)) enter(parts, next, index);
    else if (part.type === 'folders') {
      next.add(index * 2 + 1);
      if (point === SLASH) enter(parts, next, index + 1);
    } else if (matchesOne(part, point)) enter(parts, next, index + 1);
  }
  return next;
}
