// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBuildLog } from '../../src/render/build-log.ts';
import { createLineSplitter } from '../../src/render/line-splitter.ts';
import { added, completed, logged, started, vertex } from '../support/events.ts';

test('lines are the same however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(40)), (texts, cuts) => {
      const bytes = Buffer.from(texts.join('\n'));
      const splitter = createLineSplitter();
      const lines: string[] = [];
      let from = 0;
      for (const size of cuts) {
        lines.push(...splitter.push(bytes.subarray(from, from + size)));
        from += size;
      }
      lines.push(...splitter.push(bytes.subarray(from)), ...splitter.end());
      const expected = texts.join('\n').split('\n');
      expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected);
    }),
  );
});

test('output without line ends is cut into lines', () => {
  const splitter = createLineSplitter();
  const lines = Array.from({ length: 5 }, () => splitter.push(Buffer.alloc(20_000, 'x'))).flat();
  const all = [...lines, ...splitter.end()];
  expect(all.join('')).toBe('x'.repeat(100_000));
  expect(Math.max(...all.map((line) => line.length))).toBe(16 * 1024);
});

test('both streams of a step have lines of their own', () => {
  const log = createBuildLog();
  for (const event of [
    added('a', 'A'),
    started('a', 0),
    logged('a', 'out', 10, 1),
    logged('a', 'err', 20, 2),
    logged('a', 'put\n', 30, 1),
    completed('a', 40),
  ])
    log.apply(event);
  expect(log.steps.get(vertex('a'))?.tail).toEqual([
    { after: 30, text: 'output' },
    { after: 40, text: 'err' },
  ]);
});

test('only the end of long output is kept', () => {
  const log = createBuildLog();
  log.apply(added('a', 'A'));
  log.apply(started('a', 0));
  for (let line = 0; line < 1000; line++) log.apply(logged('a', `${line}\n`, 0));
  log.apply(logged('a', '\n'.repeat(5000), 0));
  log.apply(logged('a', 'last\n', 0));
  const tail = log.steps.get(vertex('a'))?.tail ?? [];
  expect(tail).toHaveLength(200);
  expect(tail.at(-1)?.text).toBe('last');
});

test('a step that is added twice is one step', () => {
  const log = createBuildLog();
  log.apply(added('a', 'A'));
  log.apply(added('b', 'B'));
  log.apply(added('a', 'A'));
  expect([...log.steps.values()].map(({ number, name }) => [number, name])).toEqual([
    [1, 'A'],
    [2, 'B'],
  ]);
});
