// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { parse, processWords } from '../src/index.ts';
import { errorsOf, firstOf, valuesOf } from './first-instruction.ts';

const ARGUMENTS: Readonly<Record<string, string>> = {
  add: 'a b',
  arg: 'a',
  cmd: 'a',
  copy: 'a b',
  entrypoint: 'a',
  env: 'a=b',
  expose: '1',
  from: 'a',
  healthcheck: 'NONE',
  label: 'a=b',
  maintainer: 'a',
  onbuild: 'RUN a',
  run: 'a',
  shell: '["a"]',
  stopsignal: '9',
  user: 'a',
  volume: 'a',
  workdir: 'a',
};

test.each(Object.entries(ARGUMENTS))('%s is an instruction in any letter case', (kind, given) => {
  const mixed = kind.charAt(0) + kind.slice(1).toUpperCase();

  for (const keyword of [kind, kind.toUpperCase(), mixed])
    expect(parse(`${keyword} ${given}`).instructions[0]).toMatchObject({ kind, keyword });
});

describe('the escape directive', () => {
  test('leaves backslashes of commands alone', () => {
    expect(firstOf('run', '# escape=`\nRUN dir C:\\ `` `n \\\nUSER a').command).toMatchObject({
      text: 'dir C:\\ `` `n \\',
    });
  });

  test('does not touch commands either but for the line ends', () => {
    expect(firstOf('run', 'RUN a \\b \\\\c \\\n \\d').command).toMatchObject({ text: 'a \\b \\\\c  \\d' });
  });

  test('does not count in heredoc words and flags, which know the backslash only', () => {
    const { heredocs } = firstOf('run', '# escape=`\nRUN cat <<E\\ F <<`G\na\nE F\nb\n`G\n');
    expect(heredocs.map(({ name, body }) => [name, body])).toEqual([
      ['E F', 'a\n'],
      ['`G', 'b\n'],
    ]);
    expect(firstOf('copy', '# escape=`\nCOPY --from=a\\ `b c d').from?.value).toBe('a `b');
  });

  test('counts in words', () => {
    const { pairs } = firstOf('env', '# escape=`\nENV a=b` c d=e\\ f=g');

    expect(pairs.map(({ key, value }) => [key.value, value.value])).toEqual([
      ['a', 'b` c'],
      ['d', 'e\\'],
      ['f', 'g'],
    ]);
  });
});

test('a check comment above an instruction is one of its comments', () => {
  expect(firstOf('from', '# check=skip=A\n\n# check=skip=B\nFROM a').comments).toMatchObject([
    { text: 'check=skip=B' },
  ]);
});

test.each([
  ['run', 'RUN ["a", "b c"]'],
  ['cmd', 'CMD ["a", "b c"]'],
  ['entrypoint', 'ENTRYPOINT ["a", "b c"]'],
  ['healthcheck', 'HEALTHCHECK CMD ["a", "b c"]'],
] as const)('%s takes its command in JSON form', (kind, text) => {
  const { command } = firstOf(kind, text);

  expect(command?.form === 'exec' && valuesOf(command.args)).toEqual(['a', 'b c']);
});

test('the other instructions take JSON for names with blanks', () => {
  expect(valuesOf(firstOf('shell', 'SHELL ["a b"]').args)).toEqual(['a b']);
  expect(valuesOf(firstOf('volume', 'VOLUME ["a b"]').paths)).toEqual(['a b']);
  for (const kind of ['copy', 'add'] as const) {
    const { sources, destination } = firstOf(kind, `${kind} ["a b", "c", "/d e"]`);
    expect([sources.map((source) => source.type === 'path' && source.value), destination.value]).toEqual([
      ['a b', 'c'],
      '/d e',
    ]);
  }
});

test('heredocs are none in JSON form, with or without blanks around it', () => {
  expect(firstOf('run', 'RUN ["cat", "<<E"]').heredocs).toEqual([]);
  expect(firstOf('run', 'RUN   [ "cat", "<<E" ]  ').heredocs).toEqual([]);
});

test('several ARG stand on one line, several ENV words are split before they are expanded', () => {
  expect(firstOf('arg', 'ARG a=1 b=$a c').declarations).toMatchObject([
    { name: { value: 'a' }, value: { value: '1' } },
    { name: { value: 'b' }, value: { value: '$a' } },
    { name: { value: 'c' }, value: null },
  ]);
  expect(errorsOf('FROM a\nENV X=${a:+b c}')).toHaveLength(1);
  expect(firstOf('env', 'ENV X="${a:+b c}"').pairs).toHaveLength(1);
});

test('EXPOSE is split after it is expanded', () => {
  const { ports } = firstOf('expose', 'EXPOSE $PORTS');

  expect(ports.flatMap(({ value }) => processWords(value, { PORTS: '3000 4000/udp' }))).toEqual([
    '3000',
    '4000/udp',
  ]);
});

test('--link, --parents, --exclude, --unpack and --keep-git-dir are typed', () => {
  expect(firstOf('copy', 'COPY --link --parents --exclude=a --exclude=b --chmod=u+x x y')).toMatchObject({
    link: true,
    parents: true,
    excludes: [{ value: 'a' }, { value: 'b' }],
    chmod: { value: 'u+x' },
  });
  expect(firstOf('add', 'ADD --unpack=false --keep-git-dir --checksum=sha256:1 x y')).toMatchObject({
    unpack: false,
    keepGitDir: true,
    checksum: { value: 'sha256:1' },
  });
  expect(firstOf('add', 'ADD x y')).toMatchObject({ unpack: null, keepGitDir: null, link: false });
});
