// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { parse } from '../src/index.ts';
import type { Measurement } from './counted-steps.ts';
import { FILES } from './growing-texts.ts';

const SIZE = 400;

/** Twice the text must not be more than twice the work, but for what is done once per file. */
function isLinear(one: number, two: number): boolean {
  return one > 0 && two < 2.1 * one + 500;
}

test('twice the text is twice the work', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=@img-build/source',
      '--no-opt',
      '--no-maglev',
      '--no-sparkplug',
      fileURLToPath(new URL('./counted-steps.ts', import.meta.url)),
    ],
    { maxBuffer: 1_000_000 },
  );
  const measurements = JSON.parse(stdout) as readonly Measurement[];

  expect(measurements.length).toBeGreaterThan(100);
  expect(measurements.filter(({ steps: [one, two] }) => !isLinear(one, two))).toEqual([]);
}, 120_000);

test.each(Object.entries(FILES))('twice the %s are twice the nodes', (_, file) => {
  const [one, two] = [countObjects(parse(file(SIZE))), countObjects(parse(file(2 * SIZE)))];

  expect([one, two, isLinear(one, two)]).toEqual([one, two, true]);
});

/** Objects and arrays in a tree of plain data. */
function countObjects(value: unknown): number {
  let count = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    count++;
    for (const each of Object.values(next)) waiting.push(each);
  }
  return count;
}
