// SPDX-License-Identifier: MIT

import { isToolError } from '@img-build/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEditor, type DockerfileEditor, type Instruction, parse, type TextEdit } from '../src/index.ts';
import { isSameInstruction } from '../src/meaning.ts';
import { mutatedFile, randomFile } from './arbitrary-file.ts';

const value = fc.oneof(
  fc.constantFrom(
    'a',
    'debian:13',
    '',
    'a b',
    '"',
    "'",
    '\\',
    '`',
    '$x',
    '#',
    '<<E',
    '--x',
    'x\ny',
    'a,b',
    '\u00a0',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const lines = fc.oneof(
  fc.constantFrom(
    'RUN new',
    '# c\nRUN new\n',
    '# escape=`\nRUN new',
    'RUN <<E',
    'RUN <<E\nb\nE',
    'RUN a \\',
    'RUN a `',
    '',
    'COPY a \\\n b\nUSER c',
  ),
);

interface Change {
  /** What the instructions are to be, `null` for one that is changed. */
  readonly expected: readonly (Instruction | null)[];
  /** Checks the changed one. */
  readonly check: (changed: Instruction) => void;
}

/** Makes one change; `null` when it was refused for what it would do. */
function attempt(
  text: string,
  change: (editor: DockerfileEditor) => Change,
): { change: Change; editor: DockerfileEditor } | null {
  const editor = createEditor(parse(text));
  try {
    return { change: change(editor), editor };
  } catch (error) {
    if (isToolError(error, 'EDIT_TEXT_INVALID', 'EDIT_TARGET_INVALID')) return null;
    throw error;
  }
}

function expectChange(
  text: string,
  { change: { expected, check }, editor }: { change: Change; editor: DockerfileEditor },
): void {
  const result = editor.apply();
  expectOnlyThere(text, result, editor.edits());
  const { instructions, directives } = parse(result);
  expect(directives.map(({ name, value }) => [name, value])).toEqual(
    editor.dockerfile.directives.map(({ name, value }) => [name, value]),
  );
  expect(instructions.length).toBe(expected.length);
  for (const [index, instruction] of instructions.entries()) {
    const wanted = expected[index];
    if (wanted === null || wanted === undefined) check(instruction);
    else
      expect([instruction, wanted, isSameInstruction(instruction, wanted)]).toEqual([
        instruction,
        wanted,
        true,
      ]);
  }
}

/** The bytes between the edits are those of the text. */
function expectOnlyThere(text: string, result: string, edits: readonly TextEdit[]): void {
  let from = 0;
  let at = 0;
  for (const { range, newText } of edits) {
    const kept = text.slice(from, range.start.offset);
    expect(result.slice(at, at + kept.length)).toBe(kept);
    expect(result.slice(at + kept.length, at + kept.length + newText.length)).toBe(newText);
    at += kept.length + newText.length;
    from = range.end.offset;
  }
  expect(result.slice(at)).toBe(text.slice(from));
}

const pick = <Item>(items: readonly Item[], at: number): Item | undefined =>
  items[at % Math.max(1, items.length)];

/** Words, flags and mount options of an instruction with a value. */
function wordsOf(node: unknown): { value: string; range: Instruction['range'] }[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(wordsOf);
  return 'value' in node && typeof node.value === 'string' && 'range' in node
    ? [node as { value: string; range: Instruction['range'] }, ...inner]
    : inner;
}

describe.each([
  ['random', randomFile],
  ['mutated', mutatedFile],
])('in a %s file', (_, file) => {
  const runs = { numRuns: 300 };

  test('a word changes and nothing else', () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.nat(), value, (text, at, which, wanted) => {
        const done = attempt(text, (editor) => {
          const { instructions } = editor.dockerfile;
          const target = pick(instructions, at);
          const word = pick(wordsOf(target), which);
          if (word === undefined) return { expected: instructions, check: () => undefined };
          editor.setWord(word, wanted);
          const expected = instructions.map((each) => (each === target ? null : each));
          return {
            expected,
            check: (changed) => {
              expect(changed.kind).toBe(target?.kind);
              expect(wordsOf(changed)[which % wordsOf(target).length]?.value).toBe(wanted);
            },
          };
        });
        if (done !== null) expectChange(text, done);
      }),
      runs,
    );
  });

  test('a flag is set, added or removed and nothing else changes', () => {
    fc.assert(
      fc.property(
        file,
        fc.nat(),
        fc.constantFrom('platform', 'network', 'x', 'from'),
        fc.option(value),
        (text, at, name, wanted) => {
          const done = attempt(text, (editor) => {
            const { instructions } = editor.dockerfile;
            const target = pick(instructions, at);
            if (target === undefined) return { expected: [], check: () => undefined };
            editor.setFlag(target, name, wanted);
            const index = target.flags.findIndex((flag) => flag.name === name);
            const flags = target.flags.map((flag) => [flag.name, flag.value]);
            if (index >= 0) flags.splice(index, 1, ...(wanted === null ? [] : [[name, wanted]]));
            else if (wanted !== null) flags.push([name, wanted]);
            const expected = instructions.map((each) => (each === target ? null : each));
            return {
              expected,
              check: (changed) => expect(changed.flags.map((flag) => [flag.name, flag.value])).toEqual(flags),
            };
          });
          if (done !== null) expectChange(text, done);
        },
      ),
      runs,
    );
  });

  test('instructions are removed', () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.boolean(), (text, at, comments) => {
        const done = attempt(text, (editor) => {
          const { instructions } = editor.dockerfile;
          const target = pick(instructions, at);
          if (target !== undefined) editor.removeInstruction(target, { comments });
          return { expected: instructions.filter((each) => each !== target), check: () => undefined };
        });
        expect(done).not.toBeNull();
        if (done !== null) expectChange(text, done);
      }),
      runs,
    );
  });

  test.each(['insertBefore', 'insertAfter', 'replaceInstruction', 'append'] as const)(
    '%s puts lines in',
    (method) => {
      fc.assert(
        fc.property(file, fc.nat(), lines, (text, at, added) => {
          const done = attempt(text, (editor) => {
            const { instructions, escape } = editor.dockerfile;
            const target = pick(instructions, at);
            const news: readonly Instruction[] = parse(
              `${escape === '`' ? '# escape=`\n' : ''}\n${added}`,
            ).instructions;
            if (method === 'append') {
              editor.append(added);
              return { expected: [...instructions, ...news.map(() => null)], check: () => undefined };
            }
            if (target === undefined) return { expected: [], check: () => undefined };
            editor[method](target, added);
            const expected = instructions.flatMap((each) => {
              if (each !== target) return [each];
              if (method === 'insertBefore') return [...news.map(() => null), each];
              return method === 'insertAfter' ? [each, ...news.map(() => null)] : news.map(() => null);
            });
            return {
              expected,
              check: (changed) =>
                expect(news.some((one) => isSameInstruction(one, changed) || one.heredocs.length > 0)).toBe(
                  true,
                ),
            };
          });
          if (done !== null) expectChange(text, done);
        }),
        runs,
      );
    },
  );
});
