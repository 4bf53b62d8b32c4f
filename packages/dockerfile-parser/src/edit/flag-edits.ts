// SPDX-License-Identifier: MIT
import type { Flag } from '../ast.ts';
import { quote } from '../characters.ts';
import type { Instruction } from '../instruction.ts';
import { splitInstruction } from '../instruction-head.ts';
import { type EditContext, editAt, invalidTarget, invalidText, ownerOf, tryEdits } from './edit-context.ts';
import { writeFlag, writeFlagValue } from './flag-text.ts';
import type { TextEdit } from './text-edit.ts';

/** A flag or mount option as it should be: a value, `true` for none, `null` to take it away. */
export type FlagSetting = string | true | null;

/** Sets, adds or removes the first flag of that name. */
export function setFlag(
  context: EditContext,
  instruction: Instruction,
  name: string,
  value: FlagSetting,
): readonly TextEdit[] {
  const index = instruction.flags.findIndex((flag) => flag.name === name);
  const flag = instruction.flags[index];
  if (flag === undefined) return value === null ? [] : addFlag(context, instruction, name, value);
  if (value === null) return removeFlag(context, instruction, flag);
  const { range, valueRange } = flag;
  const whole: TextEdit = { range, newText: writeFlag(name, value) };
  const inPlace: TextEdit[] =
    valueRange === null || value === true ? [] : [{ range: valueRange, newText: writeFlagValue(value) }];
  const wanted = instruction.flags.map((each, at) => (at === index ? settingOf(name, value) : pairOf(each)));
  return firstThatFits(context, instruction, [...inPlace, whole], wanted);
}

/** Puts a flag behind those that are there. */
export function addFlag(
  context: EditContext,
  instruction: Instruction,
  name: string,
  value: string | true,
): readonly TextEdit[] {
  const end = (instruction.flags.at(-1)?.range ?? instruction.keywordRange).end.offset;
  const edit = editAt(context, end, end, ` ${writeFlag(name, value)}`);
  const wanted = [...instruction.flags.map(pairOf), settingOf(name, value)];
  return firstThatFits(context, instruction, [edit], wanted);
}

/** Takes a flag away, with its line when it has one of its own. */
export function removeFlag(context: EditContext, instruction: Instruction, flag: Flag): readonly TextEdit[] {
  const start = flag.range.start.offset;
  const index = instruction.flags.findIndex(({ range }) => range.start.offset === start);
  if (index < 0) throw invalidTarget(`${instruction.keyword} has no flag at line ${flag.range.start.line}`);
  const wanted = instruction.flags.filter((_, at) => at !== index).map(pairOf);
  return firstThatFits(context, instruction, [removal(context, flag)], wanted);
}

function removal(context: EditContext, { range }: Flag): TextEdit {
  const { text } = context.source;
  let start = range.start.offset;
  let end = range.end.offset;
  while (isBlankAt(text, start - 1)) start--;
  const isFirstOnLine = start === 0 || text[start - 1] === '\n';
  if (!isFirstOnLine) return editAt(context, start, end, '');
  while (isBlankAt(text, end)) end++;
  const lineEnd = continuationEnd(context, end);
  return lineEnd < 0 ? editAt(context, range.start.offset, end, '') : editAt(context, start, lineEnd, '');
}

/** Where the line after the escape character at `offset` starts; `-1` when the line goes on differently. */
function continuationEnd({ source, dockerfile }: EditContext, offset: number): number {
  const rest = /^[ \t]*\r*\n/.exec(source.text.slice(offset + 1, offset + 1 + LOOK_AHEAD));
  return source.text[offset] === dockerfile.escape && rest !== null ? offset + 1 + rest[0].length : -1;
}

const LOOK_AHEAD = 256;

function isBlankAt(text: string, offset: number): boolean {
  return text[offset] === ' ' || text[offset] === '\t';
}

/** A flag without its place. */
export type FlagPair = readonly [name: string, value: string | null];

/** The flag without its place. */
export function pairOf({ name, value }: Flag): FlagPair {
  return [name, value];
}

/** The flag that a setting asks for. */
export function settingOf(name: string, value: string | true): FlagPair {
  return [name, value === true ? null : value];
}

/**
 * The first edit after which the instruction has just these flags and otherwise says what it said.
 *
 * @throws DockerfileError `EDIT_TEXT_INVALID` when none does.
 */
export function firstThatFits(
  context: EditContext,
  instruction: Instruction,
  edits: readonly TextEdit[],
  wanted: readonly FlagPair[],
): readonly TextEdit[] {
  const owner = ownerOf(context, instruction.range);
  const isTrigger = owner !== instruction;
  for (const edit of edits) {
    const outcome = tryEdits(context, owner, [edit]);
    if (outcome === null) continue;
    const before = isTrigger ? triggerOf(outcome.before) : outcome.before;
    const after = isTrigger ? triggerOf(outcome.after) : outcome.after;
    if (before === null || after === null) continue;
    const flags = after.flags.map(pairOf);
    if (JSON.stringify(flags) === JSON.stringify(wanted) && restOf(after) === restOf(before)) return [edit];
  }
  const written = wanted.map(([name, value]) => writeFlag(name, value ?? true)).join(' ');
  throw invalidText(`cannot write ${quote(written)} as flags of ${instruction.keyword}`);
}

function triggerOf(instruction: Instruction): Instruction | null {
  return instruction.kind === 'onbuild' ? instruction.trigger : null;
}

/** Keyword, arguments and heredocs, which no change of flags may touch. */
function restOf({ keyword, heredocs, original }: Instruction): string {
  const { argumentsStart, argumentsEnd } = splitInstruction(original, 0);
  const bodies = heredocs.map(({ name, body }) => [name, body]);
  return JSON.stringify([keyword, original.slice(argumentsStart, argumentsEnd), bodies]);
}
