// SPDX-License-Identifier: MIT
import type { Dockerfile } from '../dockerfile.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import { newlineOf } from '../format/format-options.ts';
import type { Instruction } from '../instruction.ts';
import { parseFragment } from '../parse-fragment.ts';
import type { SourceRange } from '../source-range.ts';
import { createSourceText, type SourceText } from '../source-text.ts';
import { print, type SyntaxItem, type Token } from '../syntax-tree.ts';
import { applyEdits, type TextEdit } from './text-edit.ts';

/** The file that edits are made for. */
export interface EditContext {
  readonly dockerfile: Dockerfile;
  readonly source: SourceText;
  /** What inserted lines end with. */
  readonly newline: string;
}

/** Looks at a file once for many edits. */
export function createEditContext(dockerfile: Dockerfile): EditContext {
  const source = createSourceText(print(dockerfile));
  return { dockerfile, source, newline: newlineOf(source.text) };
}

/** An edit by offsets. */
export function editAt({ source }: EditContext, start: number, end: number, newText: string): TextEdit {
  return { range: source.rangeAt(start, end), newText };
}

/**
 * The instruction of the file that has the range; of a trigger it is its ONBUILD.
 *
 * @throws DockerfileError `EDIT_TARGET_INVALID` when there is none.
 */
export function ownerOf({ dockerfile }: EditContext, range: SourceRange): Instruction {
  const { instructions } = dockerfile;
  let low = 0;
  let high = instructions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instructions[middle] as Instruction).range.start.offset <= range.start.offset) low = middle + 1;
    else high = middle;
  }
  const owner = instructions[low - 1];
  if (owner !== undefined && range.end.offset <= owner.range.end.offset) return owner;
  throw invalidTarget(`no instruction at line ${range.start.line}, column ${range.start.column}`);
}

/** The item of an instruction of this file. */
export function itemOf(context: EditContext, instruction: Instruction): SyntaxItem {
  const { dockerfile } = context;
  if (ownerOf(context, instruction.range) !== instruction)
    throw invalidTarget(`not an instruction of this file: ${instruction.original}`);
  return dockerfile.tree.items[instruction.item] as SyntaxItem;
}

/** Where an item starts and ends, line ending included. */
export function extentOf({ tokens }: SyntaxItem): { readonly start: number; readonly end: number } {
  const last = tokens.at(-1) as Token;
  return { start: (tokens[0] as Token).offset, end: last.offset + last.text.length };
}

/** An instruction before and after edits inside it. */
export interface Outcome {
  readonly before: Instruction;
  readonly after: Instruction;
}

/** Parses an instruction with edits applied; `null` when it would not be one whole instruction any more. */
export function tryEdits(
  { dockerfile, source }: EditContext,
  owner: Instruction,
  edits: readonly TextEdit[],
): Outcome | null {
  const { start, end } = owner.range;
  const text = source.text.slice(start.offset, end.offset);
  const shifted = edits.map(({ range, newText }) => ({
    newText,
    range: { start: shift(range.start, start.offset), end: shift(range.end, start.offset) },
  }));
  const before = parseFragment(text, dockerfile.escape);
  const after = parseFragment(applyEdits(text, shifted), dockerfile.escape);
  const [left] = before.instructions;
  const [right] = after.instructions;
  if (left === undefined || right === undefined || after.instructions.length !== 1) return null;
  const isOpen = ({ tree, diagnostics }: Dockerfile): boolean =>
    tree.items.at(-1)?.tokens.at(-1)?.kind === 'continuation' ||
    diagnostics.some(({ code }) => code === 'HEREDOC_UNTERMINATED');
  return isOpen(after) && !isOpen(before) ? null : { before: left, after: right };
}

function shift<Place extends { readonly offset: number }>(place: Place, by: number): Place {
  return { ...place, offset: place.offset - by };
}

/** The error of an edit of something that is not there. */
export function invalidTarget(message: string): DockerfileError {
  return new DockerfileError(message, { code: 'EDIT_TARGET_INVALID' });
}

/** The error of a text that cannot stand where it should. */
export function invalidText(message: string): DockerfileError {
  return new DockerfileError(message, { code: 'EDIT_TEXT_INVALID' });
}
