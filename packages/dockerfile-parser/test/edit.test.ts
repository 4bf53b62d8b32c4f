// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { applyEdits, createEditor, type Instruction, listImages, parse } from '../src/index.ts';
import { edited, nth } from './edited.ts';

const TEXT = `# syntax=docker/dockerfile:1
ARG TAG=12

# the builder
FROM  debian:$TAG   AS build # no comment
RUN --mount=type=bind,from=tools:1,target=/t \\
    --network=none \\
    make   # kept
FROM --platform=$BUILDPLATFORM alpine:3.20 AS certs
COPY --from=build --link a /b
COPY --from=certs:9 ["a b", "/c/"]
ENV A="b c" D=e
`.replace(' # no comment', '');

describe('words', () => {
  test('the base of a stage changes in place', () => {
    expect(edited(TEXT, (editor, all) => editor.setBase(nth(all, 'from', 1), 'alpine@sha256:abc'))).toBe(
      TEXT.replace('alpine:3.20', 'alpine@sha256:abc'),
    );
  });

  test('every image can be pinned', () => {
    const result = edited(TEXT, (editor) => {
      for (const image of listImages(editor.dockerfile)) editor.setWord(image, `${image.value}@sha256:1`);
    });

    expect(result).toBe(
      TEXT.replace('docker/dockerfile:1', '$&@sha256:1')
        .replace('debian:$TAG', 'debian:$$TAG@sha256:1')
        .replace('tools:1', '$&@sha256:1')
        .replace('alpine:3.20', '$&@sha256:1')
        .replace('certs:9', '$&@sha256:1'),
    );
  });

  test('a default, a value and a JSON string are written as their places ask', () => {
    const result = edited(TEXT, (editor, all) => {
      const tag = nth(all, 'arg').declarations[0]?.value;
      const source = nth(all, 'copy', 1).sources[0];
      if (tag === null || tag === undefined || source?.type !== 'path') throw new Error('not found');
      editor.setWord(tag, '13').setWord(source, 'a "b"');
      editor.setWord(nth(all, 'env').pairs[0]?.value ?? tag, "'x y'");
    });

    expect(result).toBe(
      TEXT.replace('TAG=12', 'TAG=13').replace('"a b"', '"a \\"b\\""').replace('"b c"', "'x y'"),
    );
  });

  test('a later change of the same word wins', () => {
    expect(
      edited('FROM a', (editor, all) => editor.setBase(nth(all, 'from'), 'b').setBase(nth(all, 'from'), 'c')),
    ).toBe('FROM c');
  });

  test.each(['', 'a b', 'a\nRUN b', 'a\\', '--x'])('%j is no base', (base) => {
    expect(() => edited('FROM a\nRUN b', (editor, all) => editor.setBase(nth(all, 'from'), base))).toThrow(
      expect.objectContaining({ code: 'EDIT_TEXT_INVALID' }),
    );
  });

  test('a stage is named, renamed and made nameless', () => {
    expect(edited('FROM a\n', (editor, all) => editor.setStageName(nth(all, 'from'), 'b'))).toBe(
      'FROM a AS b\n',
    );
    expect(edited('from a\n', (editor, all) => editor.setStageName(nth(all, 'from'), 'b'))).toBe(
      'from a as b\n',
    );
    expect(edited('FROM a  AS  b\n', (editor, all) => editor.setStageName(nth(all, 'from'), 'c'))).toBe(
      'FROM a  AS  c\n',
    );
    expect(edited('FROM a  AS  b\n', (editor, all) => editor.setStageName(nth(all, 'from'), null))).toBe(
      'FROM a\n',
    );
    expect(() => edited('FROM a', (editor, all) => editor.setStageName(nth(all, 'from'), '1 2'))).toThrow(
      expect.objectContaining({ code: 'EDIT_TEXT_INVALID' }),
    );
  });
});

describe('instructions', () => {
  const text = '# a\nFROM a\n\n# old\n\n# b\nRUN b \\\n  c\nRUN d';

  test('are put above the comments of another', () => {
    expect(edited(text, (editor, all) => editor.insertBefore(nth(all, 'run'), 'USER x\n'))).toBe(
      text.replace('# b', 'USER x\n# b'),
    );
  });

  test('are put below another', () => {
    expect(edited(text, (editor, all) => editor.insertAfter(nth(all, 'run'), 'USER x\nUSER y'))).toBe(
      text.replace('  c\n', '  c\nUSER x\nUSER y\n'),
    );
    expect(edited(text, (editor) => editor.append('USER x'))).toBe(`${text}\nUSER x`);
    expect(edited('', (editor) => editor.append('FROM x'))).toBe('FROM x\n');
    expect(edited('FROM a\r\n', (editor) => editor.append('RUN x \\\n y'))).toBe(
      'FROM a\r\nRUN x \\\r\n y\r\n',
    );
  });

  test('are not swallowed by an escape character at the end', () => {
    expect(edited('RUN a \\\n# c\n', (editor) => editor.append('USER x'))).toBe('RUN a \n# c\nUSER x\n');
  });

  test('are replaced', () => {
    expect(edited(text, (editor, all) => editor.replaceInstruction(nth(all, 'run'), 'USER x'))).toBe(
      text.replace('RUN b \\\n  c', 'USER x'),
    );
  });

  test('are removed with or without the comments above', () => {
    expect(edited(text, (editor, all) => editor.removeInstruction(nth(all, 'run')))).toBe(
      text.replace('RUN b \\\n  c\n', ''),
    );
    expect(edited(text, (editor, all) => editor.removeInstruction(nth(all, 'run'), { comments: true }))).toBe(
      text.replace('# b\nRUN b \\\n  c\n', ''),
    );
    expect(edited(text, (editor, all) => editor.removeInstruction(nth(all, 'run', 1)))).toBe(
      text.replace('RUN d', ''),
    );
  });

  test('leave a line where the next would become a directive', () => {
    expect(
      edited('FROM a\n# escape=`\nFROM b', (editor, all) => editor.removeInstruction(nth(all, 'from'))),
    ).toBe('\n# escape=`\nFROM b');
  });

  test.each(['RUN a \\', 'RUN <<E\na', '# escape=`\nRUN a'])('%j cannot be put at the top', (lines) => {
    expect(() => edited('FROM a', (editor, all) => editor.insertBefore(nth(all, 'from'), lines))).toThrow(
      expect.objectContaining({ code: 'EDIT_TEXT_INVALID' }),
    );
  });

  test.each(['RUN <<E\na\n', '\\'])('nothing can follow %j', (end) => {
    expect(() => edited(end, (editor) => editor.append('USER a'))).toThrow(
      expect.objectContaining({ code: 'EDIT_TARGET_INVALID' }),
    );
  });

  test('of another file are refused', () => {
    const [other] = parse('FROM other\n').instructions;

    expect(() => edited('FROM a\nRUN b', (editor) => editor.removeInstruction(other as Instruction))).toThrow(
      expect.objectContaining({ code: 'EDIT_TARGET_INVALID' }),
    );
  });
});

test('changes that meet are refused', () => {
  const editor = createEditor(parse(TEXT));
  const from = nth(editor.dockerfile.instructions, 'from');
  editor.setBase(from, 'b').removeInstruction(from);

  expect(() => editor.apply()).toThrow(expect.objectContaining({ code: 'EDIT_OVERLAP' }));
});

test('edits name lines and columns', () => {
  const editor = createEditor(parse(TEXT));
  editor.setBase(nth(editor.dockerfile.instructions, 'from', 1), 'b');

  expect(editor.edits()).toEqual([
    {
      range: {
        start: { offset: TEXT.indexOf('alpine'), line: 9, column: 32 },
        end: { offset: TEXT.indexOf(' AS certs'), line: 9, column: 43 },
      },
      newText: 'b',
    },
  ]);
  expect(applyEdits(TEXT, editor.edits())).toBe(editor.apply());
});

test('listImages knows stages, numbers, variables and triggers', () => {
  const text =
    'ARG V=1 W=2\nFROM a:$V AS x\nFROM X\nCOPY --from=0 a b\nCOPY --from=x a b\nONBUILD COPY --from=c a b\nFROM scratch\nRUN --mount=from=x --mount=type=cache,from=d e\n';

  expect(
    listImages(parse(text)).map(({ role, value, variables }) => [
      role,
      value,
      variables.map(({ name }) => name.value),
    ]),
  ).toEqual([
    ['base', 'a:$V', ['V']],
    ['copy-from', 'c', []],
    ['mount-from', 'd', []],
  ]);
});
