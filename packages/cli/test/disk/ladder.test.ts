// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import type { UsageRow } from '../../src/cache-usage.ts';
import { chooseByLadder } from '../../src/disk/ladder.ts';
import { row } from './rows.ts';

const HOUR = 3_600_000;
const MB = 1024 ** 2;
const NOW = 1e12;
const ROOMY = { maxUsed: 1e15, reserved: 0, minFree: 0 };

function chosen(rows: readonly UsageRow[], limits: { maxUsed: number; reserved: number; minFree: number }) {
  const used = rows.reduce((sum, { size }) => sum + size, 0);
  return chooseByLadder(rows, { limits, used, free: 0, now: NOW })
    .map(({ record }) => record.id)
    .sort();
}

const age = (hours: number): number => NOW - hours * HOUR;

test('inputs unused for two days go, the oldest first, until the others take 512 MiB', () => {
  const inputs = (['source.local', 'exec.cachemount', 'source.git.checkout', 'source.http'] as const).map(
    (type, at) => row({ id: `old-${type}`, type, lastUsedAt: age(60 - at) }, { size: 300 * MB }),
  );
  const rows = [
    ...inputs,
    row({ id: 'new', type: 'exec.cachemount', lastUsedAt: age(1) }, { size: 300 * MB }),
    row({ id: 'regular', lastUsedAt: age(100) }, { size: 300 * MB }),
  ];

  // 1500 MiB of inputs: four must go, and only four are old enough; the one used an hour ago stays.
  expect(chosen(rows, ROOMY)).toEqual(inputs.map(({ record }) => record.id).sort());
  expect(chosen(rows.slice(2), ROOMY)).toEqual(['old-source.git.checkout', 'old-source.http']);
  expect(chosen(rows.slice(4), ROOMY)).toEqual([]);
});

test('anything unused for sixty days goes, down to what is reserved', () => {
  const rows = [70, 65, 61, 59].map((days) =>
    row({ id: String(days), lastUsedAt: age(days * 24) }, { size: 100 }),
  );

  expect(chosen(rows, ROOMY)).toEqual(['61', '65', '70']);
  expect(chosen(rows, { ...ROOMY, reserved: 250 })).toEqual(['65', '70']);
});

test('over the ceiling the least useful goes, and what an image shares only when nothing else is left', () => {
  const rows = [
    row({ id: 'shared', lastUsedAt: age(9) }, { shared: true, reclaimable: false, size: 100 }),
    row({ id: 'old', lastUsedAt: age(5) }, { size: 100 }),
    row({ id: 'new', lastUsedAt: age(1) }, { size: 100 }),
    row({ id: 'used', lastUsedAt: age(8) }, { inUse: true, reclaimable: false, size: 100 }),
  ];

  expect(chosen(rows, { ...ROOMY, maxUsed: 400 })).toEqual([]);
  expect(chosen(rows, { ...ROOMY, maxUsed: 390 })).toEqual(['old']);
  expect(chosen(rows, { ...ROOMY, maxUsed: 200 })).toEqual(['new', 'old']);
  expect(chosen(rows, { ...ROOMY, maxUsed: 150 })).toEqual(['new', 'old', 'shared']);
  expect(chosen(rows, { ...ROOMY, maxUsed: 0 })).toEqual(['new', 'old', 'shared']);
});

test('a disk that is nearly full is given space, but not what is reserved', () => {
  const rows = ['a', 'b', 'c'].map((id, at) => row({ id, lastUsedAt: age(9 - at) }, { size: 100 }));

  expect(chosen(rows, { ...ROOMY, minFree: 150 })).toEqual(['a', 'b']);
  expect(chosen(rows, { ...ROOMY, minFree: 150, reserved: 200 })).toEqual(['a']);
});

test('what a kept record stands on stays', () => {
  const rows = [
    row({ id: 'base', lastUsedAt: age(2000) }),
    row({ id: 'top', parent: 'base', lastUsedAt: age(1) }),
  ];

  expect(chosen(rows, ROOMY)).toEqual([]);
});
