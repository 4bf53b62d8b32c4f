// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { parse, type SourceRange } from '../src/index.ts';
import { firstOf } from './first-instruction.ts';

/** What a file says at a range. */
function reader(text: string): (range: SourceRange | null | undefined) => string {
  return (range) => text.slice(range?.start.offset, range?.end.offset);
}

test('a directive knows where its value stands', () => {
  const text = '# syntax = a b \n#escape=`\nFROM a';

  expect(parse(text).directives.map(({ valueRange }) => reader(text)(valueRange))).toEqual(['a b', '`']);
});

test('keywords are told apart from what follows, also in triggers', () => {
  const text = 'ONBUILD r\\\nun  --network=none a';
  const instruction = firstOf('onbuild', text);

  expect(reader(text)(instruction.keywordRange)).toBe('ONBUILD');
  expect(reader(text)(instruction.trigger.keywordRange)).toBe('r\\\nun');
});

test.each([
  ['RUN --network=none a', 'none'],
  ['RUN --network="none" a', '"none"'],
  ['RUN --net"work=none" a', 'none"'],
  ['RUN --network=no\\ne a', 'no\\ne'],
  ['RUN --network=no\\\nne a', 'no\\\nne'],
  ['RUN --network= a', ''],
  ['RUN --network a', null],
])('the value of the flag in %j is %j', (text, value) => {
  const [flag] = parse(text).instructions[0]?.flags ?? [];

  expect(flag?.valueRange === null ? null : reader(text)(flag?.valueRange)).toBe(value);
});

test.each([
  ['RUN --mount=type=bind,from=x,ro a', ['type=bind', 'from=x', 'ro']],
  ['RUN --mount=type=bind,"from=x,y",ro a', ['type=bind', 'from=x', 'y', 'ro']],
  ['RUN --mount=type=bind,\\"from=x,y\\",ro a', ['type=bind', '"from=x,y\\"', 'ro']],
  ['RUN --mount=type=bind,\\\n\\from=x a', ['type=bind', 'from=x']],
  ["RUN --'mount=type=bind',from=x a", ['type=bind', 'from=x']],
])('the options of the mount in %j are %j', (text, options) => {
  const [mount] = firstOf('run', text).mounts;

  expect(mount?.options.map(({ range }) => reader(text)(range))).toEqual(options);
});

test('pairs, declarations and commands have ranges', () => {
  const text = 'ENV A=b "C"=\'d e\'';
  expect(firstOf('env', text).pairs.map(({ range }) => reader(text)(range))).toEqual(['A=b', '"C"=\'d e\'']);
  const arg = 'ARG A B="c d"';
  expect(firstOf('arg', arg).declarations.map(({ range }) => reader(arg)(range))).toEqual(['A', 'B="c d"']);
  const cmd = 'CMD [ "a",\\\n "b" ] ';
  expect(reader(cmd)(firstOf('cmd', cmd).command.range)).toBe('[ "a",\\\n "b" ]');
  const run = 'RUN --network=none cat <<E\nE';
  expect(reader(run)(firstOf('run', run).command.range)).toBe('cat <<E');
});
