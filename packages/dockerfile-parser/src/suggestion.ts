// SPDX-License-Identifier: MIT

/** Farthest edit distance that still counts as a typing error. */
const MAX_DISTANCE = 2;

/** How {@link suggest} compares. */
export interface SuggestOptions {
  /** Default true. When false, the answer takes the case of what was written if that is all upper or all lower. */
  readonly caseSensitive?: boolean;
}

/**
 * The option nearest to `written` by Levenshtein distance, at most two edits
 * away; of equals the first with the same first letter, else the first. `null` when none is near, or when one is equal: then
 * the error has another cause.
 */
export function suggest(
  written: string,
  options: Iterable<string>,
  { caseSensitive = true }: SuggestOptions = {},
): string | null {
  const fold = (text: string): string => (caseSensitive ? text : text.toLowerCase());
  const wanted = fold(written);
  const wantedPoints = [...wanted];
  let best: string | null = null;
  let bestDistance = MAX_DISTANCE + 1;
  for (const option of options) {
    const candidate = fold(option);
    if (candidate === wanted) return null;
    if (Math.abs(candidate.length - wanted.length) > bestDistance) continue;
    const distance = editDistance(wantedPoints, [...candidate], Math.min(bestDistance, MAX_DISTANCE));
    const tie =
      distance === bestDistance &&
      best !== null &&
      startsAlike(candidate, wanted) &&
      !startsAlike(fold(best), wanted);
    if (distance >= bestDistance && !tie) continue;
    bestDistance = distance;
    best = caseSensitive ? option : matchCase(candidate, written);
  }
  return best;
}

/** `message` with `(did you mean …?)` when there is a suggestion. */
export function withSuggestion(message: string, suggestion: string | null): string {
  return suggestion === null ? message : `${message} (did you mean ${suggestion}?)`;
}

function startsAlike(left: string, right: string): boolean {
  return left[0] === right[0];
}

function matchCase(text: string, written: string): string {
  if (written === written.toLowerCase()) return text.toLowerCase();
  if (written === written.toUpperCase()) return text.toUpperCase();
  return text;
}

/** Levenshtein distance; any number above `limit` when it is more than that, found without looking at all pairs. */
function editDistance(from: readonly string[], to: readonly string[], limit: number): number {
  const beyond = limit + 1;
  if (Math.abs(from.length - to.length) > limit) return beyond;
  let previous = new Uint8Array(to.length + 1).fill(beyond);
  let current = new Uint8Array(to.length + 1);
  for (let column = 0; column <= Math.min(limit, to.length); column++) previous[column] = column;
  for (let row = 1; row <= from.length; row++) {
    // Farther from the diagonal than the limit every distance is beyond it.
    const first = Math.max(1, row - limit);
    const last = Math.min(to.length, row + limit);
    current.fill(beyond);
    if (row <= limit) current[0] = row;
    let least = current[0] as number;
    for (let column = first; column <= last; column++) {
      const replaced = (previous[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const other = Math.min(previous[column] as number, current[column - 1] as number) + 1;
      const distance = Math.min(replaced, other, beyond);
      current[column] = distance;
      least = Math.min(least, distance);
    }
    if (least > limit) return beyond;
    [previous, current] = [current, previous];
  }
  return previous[to.length] as number;
}
