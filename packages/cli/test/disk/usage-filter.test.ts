// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { parseUsageFilters } from '../../src/disk/usage-filter.ts';
import { row } from './rows.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');
const layer = row(
  {
    id: 'sha256:abcdef',
    parent: 'sha256:base',
    description: 'mount / from exec make, twice',
    lastUsedAt: NOW - 48 * HOUR,
  },
  { size: 2048, shared: true, reclaimable: false },
);

test.each([
  [[], true],
  [['id==sha256:abcdef'], true],
  [['id==abc'], false],
  [['id=abc'], true],
  [['id!=abc'], true],
  [['id~=^sha256:a[b-d]+'], true],
  [['parent==sha256:base'], true],
  [['parent'], true],
  [['type=regular'], true],
  [['type==exec.cachemount'], false],
  [['type!=regular'], false],
  [['description=exec make'], true],
  [['description~=make, t'], true],
  [['shared,description~=make,|t{9}'], true],
  [['description~="^mount"'], true],
  [['inuse'], false],
  [['inuse=false'], true],
  [['mutable'], false],
  [['immutable=true'], true],
  [['shared==1'], true],
  [['shared!=true'], false],
  [['private'], false],
  [['reclaimable=0'], true],
  [['size>1KB'], true],
  [['size>=2KiB'], true],
  [['size<2048'], false],
  [['size<=2k'], true],
  [['size==2k'], true],
  [['size!=2k'], false],
  [['unused-for=48h'], true],
  [['unused-for=2d1m'], false],
  [['until=1w'], false],
  [['until=2026-02-27'], true],
  [['until=2026-02-26T23:59:59Z'], false],
  [['type==regular', 'shared'], true],
  [['type==regular', 'private'], false],
  [['type==regular, private'], false],
])('%j of a shared layer of 2 KiB, unused for two days, is %j', (filters, expected) => {
  expect(parseUsageFilters(filters, NOW)(layer)).toBe(expected);
});

test.each([
  [''],
  ['nosuch'],
  ['nosuch==1'],
  ['id>1'],
  ['inuse=maybe'],
  ['shared~=t'],
  ['size'],
  ['size>big'],
  ['size~=1'],
  ['until'],
  ['until>1h'],
  ['until=yesterday'],
  ['unused-for=-1h'],
  ['id~=('],
])('%j is refused', (filter) => {
  expect(() => parseUsageFilters([filter], NOW)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
