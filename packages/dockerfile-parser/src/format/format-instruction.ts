// SPDX-License-Identifier: MIT
import { trimSpace } from '../characters.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { Instruction } from '../instruction.ts';
import { isSameInstruction } from '../meaning.ts';
import { parseFragment } from '../parse-fragment.ts';
import type { SourceRange } from '../source-range.ts';
import type { SyntaxItem, Token } from '../syntax-tree.ts';
import type { Layout } from './format-options.ts';
import { argumentParts, type Part } from './instruction-parts.ts';
import { createTokenCursor, type Piece } from './token-cursor.ts';

/**
 * One instruction without the line ending after it.
 *
 * When the laid out text would not mean the same, the instruction stays as written.
 */
export function formatInstruction(
  { escape }: Pick<Dockerfile, 'escape'>,
  text: string,
  instruction: Instruction,
  item: SyntaxItem,
  layout: Layout,
): string {
  const laidOut = layOut(text, instruction, item, layout, escape);
  if (laidOut === null) return verbatim(item, instruction, layout);
  const { instructions, tree } = parseFragment(laidOut, escape);
  const [same] = instructions;
  const isSame = same !== undefined && instructions.length === 1 && isSameInstruction(same, instruction);
  // A last escape character that did not continue the line for the white space behind it must not do so now.
  const continues = tree.items.at(-1)?.tokens.at(-1)?.kind === 'continuation';
  return isSame && !continues ? laidOut : verbatim(item, instruction, layout);
}

/** Even white space at line ends stays: it may be all that keeps an escape character from continuing the line. */
function verbatim({ tokens }: SyntaxItem, { range: { start } }: Instruction, { newline }: Layout): string {
  const cursor = createTokenCursor(tokens);
  cursor.take(start.offset);
  const pieces = cursor.take(Number.POSITIVE_INFINITY).map(({ kind, text }) => {
    if (kind === 'newline') return newline;
    return kind === 'continuation' ? text.replace(/\r*\n$/, newline) : text;
  });
  const written = pieces.join('');
  return tokens.at(-1)?.kind === 'heredoc-body' ? written : written.replace(/\r*\n?$/, '');
}

function layOut(
  text: string,
  instruction: Instruction,
  { tokens }: SyntaxItem,
  layout: Layout,
  escape: string,
): string | null {
  const heredocStart = tokens.findIndex(({ kind }) => kind === 'heredoc-body' || kind === 'heredoc-end');
  const command = heredocStart < 0 ? tokens : tokens.slice(0, heredocStart);
  const parts = partsOf(text, instruction, command);
  if (parts === null) return null;
  const cursor = createTokenCursor(command);
  cursor.take(instruction.range.start.offset);
  const pieces: string[] = [];
  for (const [index, part] of parts.entries()) {
    const gap = cursor.take(part.range.start.offset);
    if (index > 0) pieces.push(gapText(gap, layout, escape));
    pieces.push(partText(part, cursor.take(part.range.end.offset), layout, escape));
  }
  // Comments behind the last word stand after an escape character with nothing to continue to.
  for (const { kind, text: comment } of cursor.take(Number.POSITIVE_INFINITY)) {
    if (kind === 'comment') pieces.push(layout.newline, trimSpace(comment));
  }
  if (heredocStart >= 0) pieces.push(layout.newline, heredocText(tokens.slice(heredocStart), layout));
  return pieces.join('');
}

/** Keyword, flags, a bare `--` and the arguments; `null` when the instruction is to be left alone. */
function partsOf(text: string, instruction: Instruction, tokens: readonly Token[]): readonly Part[] | null {
  const words = argumentParts(instruction, text, argumentRange(tokens, instruction));
  if (words === null) return null;
  const { keywordRange, flags } = instruction;
  const head: Part[] = [{ range: keywordRange, keyword: true }, ...flags.map(({ range }) => ({ range }))];
  const flagsEnd = (flags.at(-1)?.range ?? keywordRange).end.offset;
  const separator = tokens.find(({ kind, offset }) => kind === 'flag' && offset >= flagsEnd);
  if (separator !== undefined) head.push({ range: rangeOf(separator, separator, instruction) });
  return [...head, ...words];
}

function argumentRange(tokens: readonly Token[], instruction: Instruction): SourceRange | null {
  const first = tokens.find(({ kind }) => kind === 'arguments');
  const last = tokens.findLast(({ kind }) => kind === 'arguments');
  return first === undefined || last === undefined ? null : rangeOf(first, last, instruction);
}

/** Lines and columns are needed only to tell whether both ends stand on one line. */
function rangeOf(first: Token, last: Token, { range }: Instruction): SourceRange {
  const end = last.offset + last.text.length;
  return {
    start: { ...range.start, offset: first.offset },
    end: { ...(first === last ? range.start : range.end), offset: end },
  };
}

function gapText(gap: readonly Piece[], { indent, newline }: Layout, escape: string): string {
  if (!gap.some(({ kind }) => kind === 'continuation')) return ' ';
  const comments = gap.filter(({ kind }) => kind === 'comment');
  return ` ${escape}${newline}${comments.map(({ text }) => indent + trimSpace(text) + newline).join('')}${indent}`;
}

function partText(
  part: Part,
  pieces: readonly Piece[],
  { keywords, newline }: Layout,
  escape: string,
): string {
  if (part.text !== undefined) return part.text;
  if (part.keyword === true && pieces.length === 1) {
    const written = pieces[0]?.text ?? '';
    if (keywords === 'keep') return written;
    return keywords === 'upper' ? written.toUpperCase() : written.toLowerCase();
  }
  const lines: string[] = [];
  for (const [index, { kind, text }] of pieces.entries()) {
    if (kind === 'continuation') lines.push(escape, newline);
    else if (kind === 'comment') {
      const before = pieces[index - 1];
      lines.push(before?.kind === 'whitespace' ? before.text : '', trimSpace(text), newline);
    } else if (kind !== 'whitespace' && kind !== 'newline') lines.push(text);
  }
  return lines.join('');
}

function heredocText(tokens: readonly Token[], { newline }: Layout): string {
  const pieces = tokens.map(({ kind, text }) => (kind === 'newline' ? newline : text));
  if (tokens.at(-1)?.kind === 'newline') pieces.pop();
  return pieces.join('');
}
