// SPDX-License-Identifier: MIT
import { trimSpace } from '../characters.ts';
import { createDirectiveReader } from '../directive-reader.ts';
import type { Instruction } from '../instruction.ts';
import { parse } from '../parse.ts';
import { fragmentPrefix } from '../parse-fragment.ts';
import type { SyntaxItem } from '../syntax-tree.ts';
import { type EditContext, editAt, extentOf, invalidTarget, invalidText, itemOf } from './edit-context.ts';
import type { TextEdit } from './text-edit.ts';

/** Puts lines above an instruction and the comments that stand directly above it. */
export function insertBefore(
  context: EditContext,
  instruction: Instruction,
  text: string,
): readonly TextEdit[] {
  itemOf(context, instruction);
  const { start } = extentOf(
    context.dockerfile.tree.items[firstCommentOf(context, instruction)] as SyntaxItem,
  );
  return [editAt(context, start, start, checkLines(context, text, start) + context.newline)];
}

/** Puts lines below an instruction. */
export function insertAfter(
  context: EditContext,
  instruction: Instruction,
  text: string,
): readonly TextEdit[] {
  return insertBehind(context, itemOf(context, instruction), text);
}

/** Puts lines at the end of the file. */
export function append(context: EditContext, text: string): readonly TextEdit[] {
  const last = context.dockerfile.tree.items.at(-1);
  if (last !== undefined && last.tokens[0]?.kind !== 'bom') return insertBehind(context, last, text);
  const end = context.source.text.length;
  return [editAt(context, end, end, checkLines(context, text, end) + context.newline)];
}

/** Puts other lines in the place of an instruction; comments above it stay. */
export function replaceInstruction(
  context: EditContext,
  instruction: Instruction,
  text: string,
): readonly TextEdit[] {
  itemOf(context, instruction);
  const { start, end } = instruction.range;
  return [editAt(context, start.offset, end.offset, checkLines(context, text, start.offset))];
}

/** Takes an instruction away with its lines, and with the comments directly above when asked to. */
export function removeInstruction(
  context: EditContext,
  instruction: Instruction,
  withComments: boolean,
): readonly TextEdit[] {
  const { items } = context.dockerfile.tree;
  const { end } = extentOf(itemOf(context, instruction));
  const first = withComments ? firstCommentOf(context, instruction) : instruction.item;
  const { start } = extentOf(items[first] as SyntaxItem);
  const isTop = items.findIndex((item) => !isHead(item)) >= first;
  return [editAt(context, start, end, isTop && startsHead(context, end) ? context.newline : '')];
}

/** Index of the first of the comment lines that stand directly above, else of the instruction. */
function firstCommentOf({ dockerfile }: EditContext, { item }: Instruction): number {
  const { items } = dockerfile.tree;
  let first = item;
  while (items[first - 1]?.kind === 'comment') first--;
  return first;
}

function insertBehind(context: EditContext, item: SyntaxItem, text: string): readonly TextEdit[] {
  const { end } = extentOf(item);
  const lastText = item.tokens.findLastIndex(
    ({ kind }) => kind === 'keyword' || kind === 'flag' || kind === 'arguments',
  );
  const rest = item.tokens.slice(lastText + 1);
  if (item.kind === 'instruction' && isUnterminated(context, item))
    throw invalidTarget(`nothing can follow the unterminated heredoc at line ${item.line}`);
  if (item.kind === 'instruction' && lastText < 0)
    throw invalidTarget(`nothing can follow the lone escape character at line ${item.line}`);
  const lead = item.tokens.at(-1)?.text.endsWith('\n') === true ? '' : context.newline;
  const lines = checkLines(context, text, end, lead);
  const edits: TextEdit[] = [];
  // An escape character with nothing to continue to would swallow the new lines.
  for (const { kind, offset } of item.kind === 'instruction' ? rest : []) {
    if (kind === 'continuation') edits.push(editAt(context, offset, offset + 1, ''));
  }
  const newText = lead === '' ? lines + context.newline : lead + lines;
  return [...edits, editAt(context, end, end, newText)];
}

function isUnterminated({ dockerfile }: EditContext, item: SyntaxItem): boolean {
  const { items } = dockerfile.tree;
  return items.at(-1) === item && dockerfile.diagnostics.some(({ code }) => code === 'HEREDOC_UNTERMINATED');
}

/**
 * The lines as they can stand in the file at an offset: with its line endings, without the last one.
 *
 * @param lead - line ending that will come before them.
 * @throws DockerfileError `EDIT_TEXT_INVALID` when they would swallow or change what follows.
 */
function checkLines(
  { dockerfile, source, newline }: EditContext,
  text: string,
  at: number,
  lead = '',
): string {
  const lines = text.replace(/\r*\n$/, '').replace(/\r*\n/g, newline);
  const { items } = dockerfile.tree;
  const firstBelow = items.find((item) => !isHead(item));
  const isTop = firstBelow === undefined || at < extentOf(firstBelow).end;
  const head = isTop ? source.text.slice(0, at) + lead : fragmentPrefix(dockerfile.escape);
  const probe = parse(`${head}${lines}${newline}${PROBE}`);
  const known = isTop ? dockerfile.directives.length : probe.directives.length;
  const isSound =
    probe.instructions.at(-1)?.original === PROBE &&
    probe.directives.length === known &&
    !probe.diagnostics.some(({ code }) => code === 'HEREDOC_UNTERMINATED' || code === 'DIRECTIVE_REPEATED');
  if (isSound) return lines;
  throw invalidText(
    'the lines would change what follows: an open heredoc, an escape character at the end, or a directive',
  );
}

/** An instruction that no text can be taken for but itself. */
const PROBE = 'FROM scratch AS img-probe';

/** What may stand above a directive. */
function isHead({ kind, tokens }: SyntaxItem): boolean {
  return kind === 'directive' || tokens[0]?.kind === 'bom';
}

/** Whether the line at `offset`, moved up to the directives, would be read as one, or as byte order mark. */
function startsHead({ source }: EditContext, offset: number): boolean {
  const { text } = source;
  const lineEnd = text.indexOf('\n', offset);
  const line = text.slice(offset, lineEnd < 0 ? text.length : lineEnd);
  return line.startsWith('\ufeff') || createDirectiveReader('#').read(trimSpace(line)).type !== 'other';
}
