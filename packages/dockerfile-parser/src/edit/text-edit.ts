// SPDX-License-Identifier: MIT
import { DockerfileError } from '../dockerfile-error.ts';
import type { SourceRange } from '../source-range.ts';

/** Replaces a part of a text. An empty range inserts, an empty text deletes. */
export interface TextEdit {
  readonly range: SourceRange;
  readonly newText: string;
}

/**
 * Applies edits that were all made for `text` as it is: none sees what another did.
 *
 * Insertions at the same place come out in the order given.
 *
 * @throws DockerfileError `EDIT_OVERLAP` when two edits change the same characters.
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const pieces: string[] = [];
  let copied = 0;
  for (const { range, newText } of sortEdits(edits)) {
    pieces.push(text.slice(copied, range.start.offset), newText);
    copied = range.end.offset;
  }
  pieces.push(text.slice(copied));
  return pieces.join('');
}

/**
 * The edits in the order of the text.
 *
 * @throws DockerfileError `EDIT_OVERLAP` when two edits change the same characters.
 */
export function sortEdits(edits: readonly TextEdit[]): readonly TextEdit[] {
  const sorted = edits.toSorted(
    (left, right) =>
      left.range.start.offset - right.range.start.offset || left.range.end.offset - right.range.end.offset,
  );
  for (const [index, { range }] of sorted.entries()) {
    const before = sorted[index - 1]?.range;
    if (before === undefined || before.end.offset <= range.start.offset) continue;
    const { line, column } = range.start;
    throw new DockerfileError(`two edits change the text at line ${line}, column ${column}`, {
      code: 'EDIT_OVERLAP',
    });
  }
  return sorted;
}
