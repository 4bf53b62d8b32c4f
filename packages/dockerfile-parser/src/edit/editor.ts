// SPDX-License-Identifier: MIT
import type { Flag, RunMount } from '../ast.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { FromInstruction, Instruction } from '../instruction.ts';
import { setDirective } from './directive-edits.ts';
import { createEditContext } from './edit-context.ts';
import { addFlag, type FlagSetting, removeFlag, setFlag } from './flag-edits.ts';
import {
  append,
  insertAfter,
  insertBefore,
  removeInstruction,
  replaceInstruction,
} from './instruction-edits.ts';
import { setMountOption } from './mount-edits.ts';
import { applyEdits, sortEdits, type TextEdit } from './text-edit.ts';
import { setStageName, setWord, type ValueInText } from './word-edits.ts';

/**
 * Collects changes of one parsed file as the smallest text edits.
 *
 * All methods take nodes of that file, return the editor, and look at the file
 * as it was parsed: what one changed, the next does not see. Changing a place
 * that was changed before replaces the earlier change. Everything else stays
 * byte for byte, and a change that would alter the meaning of anything else is
 * refused.
 *
 * They throw DockerfileError `EDIT_TARGET_INVALID` when the node is not one of
 * the file, `EDIT_TEXT_INVALID` when the text cannot stand there.
 */
export interface DockerfileEditor {
  /** The file as it was parsed. */
  readonly dockerfile: Dockerfile;
  /** Gives anything with a value another one. The value is written as the `value` of a word is: final in JSON form and flags, else with its quotes and variables. */
  setWord(word: ValueInText, value: string): DockerfileEditor;
  /** Changes the image or stage that FROM names. */
  setBase(from: FromInstruction, base: string): DockerfileEditor;
  /** Names a stage; `null` takes the name away. References to the old name stay. */
  setStageName(from: FromInstruction, name: string | null): DockerfileEditor;
  /** Sets, adds or (`null`) removes the first flag of that name; `true` writes it without value. */
  setFlag(instruction: Instruction, name: string, value: FlagSetting): DockerfileEditor;
  /** Adds a flag behind the others, also when there is one of that name. */
  addFlag(instruction: Instruction, name: string, value: string | true): DockerfileEditor;
  /** Removes a flag, with its line when nothing else stands on it. */
  removeFlag(instruction: Instruction, flag: Flag): DockerfileEditor;
  /** Sets, adds or (`null`) removes an option of a mount. */
  setMountOption(mount: RunMount, key: string, value: FlagSetting): DockerfileEditor;
  /** Sets, adds or (`null`) removes a directive. */
  setDirective(name: 'syntax' | 'check', value: string | null): DockerfileEditor;
  /** Puts whole lines above an instruction and the comments directly above it. */
  insertBefore(instruction: Instruction, lines: string): DockerfileEditor;
  /** Puts whole lines below an instruction. */
  insertAfter(instruction: Instruction, lines: string): DockerfileEditor;
  /** Puts whole lines at the end. */
  append(lines: string): DockerfileEditor;
  /** Puts whole lines in the place of an instruction. */
  replaceInstruction(instruction: Instruction, lines: string): DockerfileEditor;
  /** Removes an instruction; `comments` also the comment lines directly above it. */
  removeInstruction(instruction: Instruction, options?: { readonly comments?: boolean }): DockerfileEditor;
  /**
   * The edits so far in the order of the text, for a language server or a patch.
   *
   * @throws DockerfileError `EDIT_OVERLAP` when two changes meet, such as one inside a removed instruction.
   */
  edits(): readonly TextEdit[];
  /**
   * The text with all edits.
   *
   * @throws DockerfileError `EDIT_OVERLAP`, see {@link DockerfileEditor.edits}.
   */
  apply(): string;
}

/** Creates an editor without changes. */
export function createEditor(dockerfile: Dockerfile): DockerfileEditor {
  const context = createEditContext(dockerfile);
  const replacements = new Map<string, TextEdit>();
  const insertions: TextEdit[] = [];
  const all = (): TextEdit[] => [...replacements.values(), ...insertions];
  const collect = (edits: readonly TextEdit[]): DockerfileEditor => {
    for (const edit of edits) {
      const { start, end } = edit.range;
      if (start.offset === end.offset && edit.newText !== '') insertions.push(edit);
      else replacements.set(`${start.offset}-${end.offset}`, edit);
    }
    return editor;
  };
  const editor: DockerfileEditor = {
    dockerfile,
    setWord: (word, value) => collect(setWord(context, word, value)),
    setBase: (from, base) => collect(setWord(context, from.base, base)),
    setStageName: (from, name) => collect(setStageName(context, from, name)),
    setFlag: (instruction, name, value) => collect(setFlag(context, instruction, name, value)),
    addFlag: (instruction, name, value) => collect(addFlag(context, instruction, name, value)),
    removeFlag: (instruction, flag) => collect(removeFlag(context, instruction, flag)),
    setMountOption: (mount, key, value) => collect(setMountOption(context, mount, key, value)),
    setDirective: (name, value) => collect(setDirective(context, name, value)),
    insertBefore: (instruction, lines) => collect(insertBefore(context, instruction, lines)),
    insertAfter: (instruction, lines) => collect(insertAfter(context, instruction, lines)),
    append: (lines) => collect(append(context, lines)),
    replaceInstruction: (instruction, lines) => collect(replaceInstruction(context, instruction, lines)),
    removeInstruction: (instruction, { comments = false } = {}) =>
      collect(removeInstruction(context, instruction, comments)),
    edits: () => sortEdits(all()),
    apply: () => applyEdits(context.source.text, all()),
  };
  return editor;
}
