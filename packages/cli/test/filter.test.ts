// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { parseFilters } from '../src/filter.ts';

const KNOWN = ['name', 'shared'];
const matches = (
  filters: readonly string[],
  fields: Readonly<Record<string, string | readonly string[]>>,
): boolean => parseFilters(filters, KNOWN)(fields);

test.each([
  [[], true],
  [['name==docker.io/library/a:1'], true],
  [['name=a:1'], true],
  [['name==b'], false],
  [['name!=b'], true],
  [['name!=a:1'], false],
  [['name~=^a'], true],
  [['name~=/ar?y/a/'], true],
  [['name=="a:1"'], true],
  [['shared'], false],
  [['name'], true],
  [['name==b', 'name==a:1'], true],
  [['name==a:1,shared'], false],
  [['name==a:1, name~=1$'], true],
])('%j of an image named a:1 is %j', (filters, expected) => {
  expect(matches(filters, { name: ['docker.io/library/a:1', 'a:1'] })).toBe(expected);
});

test.each([[['size>1']], [['nosuch']], [['nosuch==1']], [['']], [['name~=(']]])(
  '%j is refused',
  (filters) => {
    expect(() => parseFilters(filters, KNOWN)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
