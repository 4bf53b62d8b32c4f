// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { firstError, parse } from '../src/index.ts';
import { errorsOf, firstOf, valuesOf } from './first-instruction.ts';

function shellText(text: string): string {
  const { command } = firstOf('run', text);
  if (command.form === 'exec') throw new Error('exec form');
  return command.text;
}

describe('encoding and line endings', () => {
  test('a byte order mark and carriage returns are no content', () => {
    const { instructions, diagnostics } = parse('\ufeffFROM a\r\nRUN b \\\r\n c\r\n');

    expect(diagnostics).toEqual([]);
    expect(instructions.map(({ original }) => original)).toEqual(['FROM a', 'RUN b  c']);
  });

  test.each([
    [65_535, 0],
    [65_536, 1],
  ])('a line of %i bytes has %i errors', (bytes, count) => {
    const found = errorsOf(`FROM a\nRUN ${'x'.repeat(bytes - 4)}\n`);

    expect(found).toEqual(Array(count).fill('dockerfile line greater than max allowed size of 65535'));
  });

  test('the limit counts bytes of UTF-8', () => {
    expect(errorsOf(`FROM a\nRUN ${'\u00e9'.repeat(32_765)}x\n`)).toEqual([]);
    expect(errorsOf(`FROM a\nRUN ${'\u00e9'.repeat(32_766)}\n`)).toHaveLength(1);
    expect(errorsOf(`FROM a\nRUN ${'\u{1f600}'.repeat(16_383)}\n`)).toHaveLength(1);
  });

  test('a long heredoc line counts too', () => {
    expect(errorsOf(`FROM a\nRUN <<E\n${'x'.repeat(65_536)}\nE\n`)).toHaveLength(1);
  });
});

describe('comments', () => {
  test('are removed between continued lines, also when indented', () => {
    expect(shellText('RUN a \\\n# one\n  # two \\\n && b')).toBe('a  && b');
  });

  test('are content in heredocs and behind a command', () => {
    expect(shellText('RUN <<E\n# kept\nE')).toBe('# kept\n');
    expect(shellText('RUN a # kept')).toBe('a # kept');
  });

  test('cannot be continued', () => {
    expect(parse('# a \\\nFROM b').instructions).toHaveLength(1);
  });

  test('above an instruction are attached to it until an empty one', () => {
    const { comments } = firstOf('from', '# old\n#\n# one\n\n  # two  \nFROM a\n# later');

    expect(comments.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(comments[0]?.range.start).toEqual({ offset: 8, line: 3, column: 1 });
  });

  test('describe the stage or argument they name', () => {
    expect(firstOf('from', '# build makes it\nFROM a AS build').description).toBe('makes it');
    expect(
      firstOf('arg', '# V the version\n# W wide\nARG V=1 W').declarations.map(
        ({ description }) => description,
      ),
    ).toEqual(['the version', 'wide']);
  });
});

describe('continuation', () => {
  test.each([
    ['RUN a \\\n  b', 'a   b'],
    ['RUN a\\\nb', 'ab'],
    ['RUN a \\ \t\n b', 'a  b'],
    ['RUN a \\\\\n', 'a \\\\'],
    ['RUN a \\x\n', 'a \\x'],
    ['RUN a \\\n\\\n b', 'a  b'],
    ['RUN a \\\n \\\n b', 'a   b'],
    ['RUN a \\', 'a'],
  ])('%j runs %j', (text, command) => {
    expect(shellText(text)).toBe(command);
  });

  test('the white space before an instruction is dropped', () => {
    expect(shellText(' \t RUN a')).toBe('a');
  });

  test('a keyword may be continued', () => {
    expect(firstOf('from', 'FR\\\nOM a').base.value).toBe('a');
  });

  test('an instruction may start behind a line of nothing but the escape character', () => {
    expect(firstOf('from', '\\\nFROM a').base.value).toBe('a');
  });

  test('blank lines are skipped with a warning', () => {
    const { diagnostics, instructions } = parse('FROM a\nRUN b \\\n\n \t\n c\nRUN d');

    expect(instructions.map(({ original }) => original)).toEqual(['FROM a', 'RUN b  c', 'RUN d']);
    expect(diagnostics).toMatchObject([
      { code: 'EMPTY_CONTINUATION', severity: 'warning', range: { start: { line: 3 } } },
    ]);
    expect(firstError(diagnostics)).toBeNull();
  });

  test('uses the character of the escape directive', () => {
    expect(shellText('# escape=`\nRUN a `\n b \\\n')).toBe('a  b \\');
  });
});

describe('directives', () => {
  test.each<[string, readonly string[]]>([
    ['# syntax=a\n# escape=`\n# check=skip=all\nFROM x', ['syntax=a', 'escape=`', 'check=skip=all']],
    ['#SYNTAX = a b \nFROM x', ['syntax=a b']],
    ['  # syntax=a\nFROM x', ['syntax=a']],
    ['\ufeff# syntax=a\nFROM x', ['syntax=a']],
    ['\n# syntax=a\nFROM x', []],
    ['# comment\n# escape=`\nFROM x', []],
    ['# unknown=1\n# escape=`\nFROM x', []],
    ['FROM x\n# escape=`', []],
    ['# escape=\nFROM x', []],
  ])('%j has %j', (text, directives) => {
    expect(parse(text).directives.map(({ name, value }) => `${name}=${value}`)).toEqual(directives);
  });

  test.each([
    ['# escape=`\n# escape=\\\nFROM x', 'only one escape parser directive can be used'],
    ['# Syntax=a\n# syntax=a\nFROM x', 'only one syntax parser directive can be used'],
    ['# escape=/\nFROM x', "invalid escape token '/' does not match ` or \\"],
  ])('%j is an error', (text, message) => {
    expect(errorsOf(text)).toEqual([message]);
  });

  test('are no comments of the first instruction', () => {
    expect(firstOf('from', '# syntax=a\n# b\nFROM x').comments.map(({ text }) => text)).toEqual(['b']);
  });
});

test('a file without instructions says so', () => {
  expect(parse('').diagnostics).toMatchObject([
    { code: 'FILE_EMPTY', message: 'the Dockerfile cannot be empty' },
  ]);
  expect(parse('# a\n').diagnostics).toMatchObject([
    { code: 'NO_INSTRUCTIONS', message: 'file with no instructions' },
  ]);
  expect(parse('ARG a\n').diagnostics).toMatchObject([
    { code: 'NO_STAGES', message: 'dockerfile contains no stages to build' },
  ]);
  expect(parse('ARG a\nRUN b\nFROM c\n').diagnostics).toMatchObject([
    { code: 'INSTRUCTION_BEFORE_FROM', message: 'no build stage in current context' },
  ]);
});

describe('JSON form', () => {
  test.each<[string, readonly string[] | null]>([
    ['["a", "b c"]', ['a', 'b c']],
    ['[]', []],
    ['[ "\\u0041\\n\\"" ]', ['A\n"']],
    ["['a']", null],
    ['["a"] b', null],
    ['[]junk', null],
    ['["a",]', null],
    ['[ -f x ]', null],
    ['{"a": 1}', null],
  ])('CMD %s', (text, args) => {
    const { command } = firstOf('cmd', `CMD ${text}`);

    expect(command.form === 'exec' ? valuesOf(command.args) : null).toEqual(args);
  });

  test.each(['RUN', 'CMD', 'ENTRYPOINT', 'SHELL', 'HEALTHCHECK CMD', 'VOLUME', 'ADD', 'COPY'])(
    '%s refuses other elements than strings',
    (keyword) => {
      expect(errorsOf(`FROM a\n${keyword} ["a", 1]`)).toEqual([
        'when using JSON array syntax, arrays must be comprised of strings only',
      ]);
    },
  );
});
