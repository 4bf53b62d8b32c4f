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
  let best: string | null = null;
  let bestDistance = MAX_DISTANCE + 1;
  for (const option of options) {
    const candidate = fold(option);
    if (candidate === wanted) return null;
    if (Math.abs(candidate.length - wanted.length) > bestDistance) continue;
    const distance = editDistance(wanted, candidate);
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

function editDistance(left: string, right: string): number {
  const from = [...left];
  const to = [...right];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, character] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const replaced = (previous[column] as number) + (character === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] as number) + 1, (current[column] as number) + 1));
    }
    previous = current;
  }
  return previous[to.length] as number;
}
