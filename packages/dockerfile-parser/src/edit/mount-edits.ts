// SPDX-License-Identifier: MIT
import type { RunMount } from '../ast.ts';
import { type EditContext, editAt, invalidTarget, ownerOf } from './edit-context.ts';
import { type FlagSetting, firstThatFits, pairOf, settingOf } from './flag-edits.ts';
import { writeCsvField, writeFlagValue } from './flag-text.ts';
import type { TextEdit } from './text-edit.ts';

/** Sets, adds or removes the first option of that name. */
export function setMountOption(
  context: EditContext,
  mount: RunMount,
  key: string,
  value: FlagSetting,
): readonly TextEdit[] {
  const owner = ownerOf(context, mount.range);
  const instruction = owner.kind === 'onbuild' ? owner.trigger : owner;
  const flagIndex = instruction.flags.findIndex(
    ({ range, valueRange }) => (valueRange ?? range).start.offset === mount.range.start.offset,
  );
  if (flagIndex < 0 || instruction.kind !== 'run')
    throw invalidTarget(`no mount at line ${mount.range.start.line}`);
  const found = mount.options.findIndex((option) => option.key === key);
  if (found < 0 && value === null) return [];
  const field = value === null ? null : value === true ? key : `${key}=${value}`;
  const fields = mount.options.map((option, at) => (at === found ? field : option.field));
  if (found < 0) fields.push(field);
  const list = fields.filter((each) => each !== null);
  const text = list.map(writeCsvField).join(',');
  const wanted = instruction.flags.map((flag, at) =>
    at === flagIndex ? settingOf(flag.name, text) : pairOf(flag),
  );
  const edits = [
    ...optionEdits(context, mount, found, field),
    { range: mount.range, newText: writeFlagValue(text) },
  ];
  return firstThatFits(context, instruction, edits, wanted);
}

/** The smallest edits that come into question, which quotation marks in odd places may spoil. */
function optionEdits(
  context: EditContext,
  { range, options }: RunMount,
  found: number,
  field: string | null,
): readonly TextEdit[] {
  const option = options[found];
  if (option === undefined) {
    const end = range.end.offset;
    return [editAt(context, end, end, `,${writeFlagValue(writeCsvField(field ?? ''))}`)];
  }
  const { start, end } = option.range;
  if (end.offset - start.offset !== option.field.length) return [];
  if (field !== null) return [{ range: option.range, newText: writeFlagValue(writeCsvField(field)) }];
  return found === 0
    ? [editAt(context, start.offset, end.offset + 1, '')]
    : [editAt(context, start.offset - 1, end.offset, '')];
}
