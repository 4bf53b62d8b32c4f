// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { chosenMounts, type LocalMount, lastUsedMounts } from '../../src/mounts/local-mounts.ts';

function mount(shortId: string, id: string, change: Partial<LocalMount> = {}): LocalMount {
  return {
    key: `cache-mount-${shortId}`,
    shortId,
    id,
    seeded: false,
    createdAt: 0,
    lastUsedAt: 0,
    ...change,
  };
}

const npm = mount('aa11', '/var/npm');
const copy = mount('aa11-1', '/var/npm', { lastUsedAt: 5 });
const other = mount('aa22', 'aa');
const all = [npm, copy, other];

test('mounts are named by id, by short id and by the beginning of that', () => {
  expect(chosenMounts(all, ['/var/npm'])).toEqual([npm, copy]);
  expect(chosenMounts(all, ['aa11-1'])).toEqual([copy]);
  expect(chosenMounts(all, ['aa2'])).toEqual([other]);
  expect(chosenMounts(all, ['aa22', 'aa'])).toEqual([other]);
});

test('a name of nothing, and of two things, is refused', () => {
  expect(() => chosenMounts(all, ['bb'])).toThrow('no cache mount "bb" found');
  expect(() => chosenMounts(all, ['/root'])).toThrow('no cache mount "/root" found');
  expect(() => chosenMounts([npm, other], ['a'])).toThrow('"a" could be aa11 or aa22');
});

test('of one id the last used counts, for each way to start', () => {
  const seeded = mount('bb', '/var/npm', { seeded: true });
  expect(lastUsedMounts([npm, copy, seeded])).toEqual([copy, seeded]);
});
