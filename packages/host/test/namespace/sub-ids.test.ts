// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mappingOf, parseSubIds } from '../../src/index.ts';

describe('sub-ids', () => {
  test('are found by name and by number', () => {
    const text = 'alice:100000:65536\nbob:1:1\n1001:300000:10\n';
    expect(parseSubIds(text, { name: 'alice', uid: 1001 })).toEqual([
      { start: 100_000, count: 65_536 },
      { start: 300_000, count: 10 },
    ]);
    expect(parseSubIds(text, { uid: 7 })).toEqual([]);
  });

  test('skip lines that make no sense', () => {
    const text =
      '\n# comment\nalice:x:1\nalice:1\nalice:5:0\nalice:4294967290:100\nalice:-1:5\nalice:1:2:3\nalice:10:2';
    expect(parseSubIds(text, { name: 'alice', uid: 1 })).toEqual([{ start: 10, count: 2 }]);
  });

  test('never throw and give usable ranges only', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { start, count } of parseSubIds(`a:${text}\na:${text}:1`, { name: 'a', uid: 1 })) {
          expect(count).toBeGreaterThan(0);
          expect(start + count).toBeLessThanOrEqual(0xffff_ffff);
        }
      }),
    );
  });

  test('follow the user inside without gaps', () => {
    expect(
      mappingOf(1001, [
        { start: 100_000, count: 5 },
        { start: 200_000, count: 7 },
      ]),
    ).toEqual([
      { inside: 0, outside: 1001, count: 1 },
      { inside: 1, outside: 100_000, count: 5 },
      { inside: 6, outside: 200_000, count: 7 },
    ]);
    expect(
      mappingOf(
        1,
        Array.from({ length: 1000 }, () => ({ start: 1, count: 1 })),
      ),
    ).toHaveLength(340);
  });
});
