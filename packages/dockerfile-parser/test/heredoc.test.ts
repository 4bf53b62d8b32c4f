// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { chompHeredoc, parse, summarizeHeredoc } from '../src/index.ts';
import { errorsOf, firstOf } from './first-instruction.ts';

describe('the word', () => {
  test.each<[string, object | null]>([
    ['<<E', { name: 'E', expand: true, chomp: false, fileDescriptor: 0 }],
    ['<<-E', { name: 'E', chomp: true }],
    ['3<<E', { name: 'E', fileDescriptor: 3 }],
    ['<< E', { name: 'E' }],
    ["<<'E'", { name: 'E', expand: false }],
    ['<<"E"', { name: 'E', expand: false }],
    ["<<E'x'y", { name: 'Exy', expand: false }],
    ["<<E\\'x", { name: "E'x", expand: true }],
    ["<<'one two'", { name: 'one two', expand: false }],
    ['<<$E', { name: '$E', expand: true }],
    ['cat <<E > x', { name: 'E' }],
    ['<<<E', null],
    ['"<<E"', null],
    ['\\<<E', null],
    ['cat<<E', null],
    ['echo $(( 1 << 2 ))', null],
    ["it's <<E", null],
    ['["<<E"]', null],
  ])('RUN %s', (command, heredoc) => {
    const name = (heredoc as { name?: string } | null)?.name;
    const { heredocs } = firstOf('run', `RUN ${command}\n${name === undefined ? '' : `body\n${name}\n`}`);

    if (heredoc === null) expect(heredocs).toEqual([]);
    else expect(heredocs).toMatchObject([{ ...heredoc, body: 'body\n' }]);
  });

  test('is looked for in ADD, COPY, RUN and triggers of them only', () => {
    for (const text of [
      'ADD <<E /\nE',
      'COPY <<E /\nE',
      'RUN <<E\nE',
      'ONBUILD RUN <<E\nE',
      'ONBUILD COPY <<E /\nE',
    ]) {
      expect(parse(`FROM a\n${text}`).instructions[1]?.heredocs).toHaveLength(1);
    }
    for (const text of ['CMD <<E', 'ENV <<E=1', 'ONBUILD CMD <<E'])
      expect(parse(`FROM a\n${text}`).instructions[1]?.heredocs).toEqual([]);
  });
});

describe('the body', () => {
  test('of several heredocs is read in order', () => {
    const { sources } = firstOf('copy', 'COPY <<X a <<Y /d\nY\nX\nX\nY\nFROM next');

    expect(sources).toMatchObject([
      { type: 'heredoc', name: 'X', content: 'Y\n' },
      { type: 'path', value: 'a' },
      { type: 'heredoc', name: 'Y', content: 'X\n' },
    ]);
  });

  test('ends at a line that is exactly the name, carriage return aside', () => {
    const { heredocs } = firstOf('run', 'RUN <<E\r\n E\r\nE \r\nE\r\n');

    expect(heredocs[0]?.body).toBe(' E\r\nE \r\n');
  });

  test('of <<- may have tabs before the name, which stay in the body', () => {
    const { heredocs, command } = firstOf('run', 'RUN <<-E\n\t\ta\n\t b\n  c\n\tE\n');

    expect(heredocs[0]?.body).toBe('\t\ta\n\t b\n  c\n');
    expect(command).toMatchObject({ form: 'heredoc-script', text: 'a\n b\n  c\n' });
  });

  test('that never ends is an error over all of it', () => {
    const { diagnostics } = parse('FROM a\nRUN <<E\nb\nc');

    expect(diagnostics).toMatchObject([
      {
        code: 'HEREDOC_UNTERMINATED',
        message: 'unterminated heredoc',
        context: { start: { line: 2 }, end: { line: 4 } },
      },
    ]);
  });
});

describe('RUN', () => {
  test.each([
    ['RUN <<E\na\nE', { form: 'heredoc-script', text: 'a\n' }],
    ['RUN --network=none <<E\na\nE', { form: 'heredoc-script', text: 'a\n' }],
    ['RUN <<F\n#!/x\na\nF', { form: 'heredoc-file', name: 'F', text: '#!/x\na\n' }],
    ['RUN <<-E cat\n\ta\n\tE', { form: 'heredoc-shell', text: '<<-E cat\n\ta\nE' }],
    ["RUN cat <<A 3<<'B'\na\nA\nb\nB", { form: 'heredoc-shell', text: "cat <<A 3<<'B'\na\nA\nb\nB" }],
    ['RUN cat \\\n <<E\na \\\nE', { form: 'heredoc-shell', text: 'cat  <<E\na \\\nE' }],
  ])('%j', (text, command) => {
    expect(firstOf('run', text).command).toMatchObject(command);
  });
});

test('a heredoc cannot be the destination', () => {
  expect(errorsOf('FROM a\nCOPY x <<E\nE')).toEqual(['COPY cannot accept a heredoc as a destination']);
});

test('a trigger keeps its heredocs', () => {
  expect(firstOf('onbuild', 'ONBUILD RUN cat <<E\na\nE').expression).toBe('RUN cat <<E\na\nE');
});

test('chompHeredoc removes tabs at line starts only', () => {
  expect(chompHeredoc('\t\ta\tb\n\t\n  \tc\r\td')).toBe('a\tb\n\n  \tc\r\td');
});

test('summarizeHeredoc shows the first line', () => {
  expect([summarizeHeredoc('\n a \r\nb\n'), summarizeHeredoc(' a\n'), summarizeHeredoc('')]).toEqual([
    'a ...',
    'a',
    '',
  ]);
});
