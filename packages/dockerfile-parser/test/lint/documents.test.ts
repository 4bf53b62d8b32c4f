// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { BUILTIN_RULES } from '../../src/index.ts';
import { INSTRUCTION_PARSERS } from '../../src/instruction-table.ts';

const README = new URL('../../README.md', import.meta.url);
const SUPPORT = new URL('../../../../docs/dockerfile.md', import.meta.url);

/** The first cells of the rows of the table that a heading cell begins. */
function firstCells(document: URL, heading: string): readonly string[] {
  const [, table = ''] = readFileSync(document, 'utf8').split(`\n| ${heading} |`);
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| (.*?) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));
}

test.each([README, SUPPORT])('%s names every rule, in the order they run', (document) => {
  expect(firstCells(document, 'rule')).toEqual(BUILTIN_RULES.map(({ meta }) => meta.name));
});

test('the support table names every instruction', () => {
  const words = firstCells(SUPPORT, 'instruction').flatMap((cell) => cell.split(/[ ,]+/));

  for (const name of INSTRUCTION_PARSERS.keys()) expect(words).toContain(name.toUpperCase());
});
