// SPDX-License-Identifier: MIT
import { createEditor, type DockerfileEditor, type Instruction, parse } from '../src/index.ts';

/** The text after changes. */
export function edited(
  text: string,
  change: (editor: DockerfileEditor, instructions: readonly Instruction[]) => void,
): string {
  const editor = createEditor(parse(text));
  change(editor, editor.dockerfile.instructions);
  return editor.apply();
}

/** The instruction of a kind, counted from 0. */
export function nth<Kind extends Instruction['kind']>(
  instructions: readonly Instruction[],
  kind: Kind,
  at = 0,
): Extract<Instruction, { kind: Kind }> {
  const found = instructions.filter(
    (each): each is Extract<Instruction, { kind: Kind }> => each.kind === kind,
  )[at];
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}
