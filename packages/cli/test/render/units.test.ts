// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import {
  formatAge,
  formatBinarySize,
  formatSeconds,
  formatTransferred,
  formatTransferSize,
} from '../../src/render/units.ts';

test.each([
  [0, '0B'],
  [591, '591B'],
  [1023, '1023B'],
  [1571, '1.534KiB'],
  [4096, '4KiB'],
  [5202, '5.08KiB'],
  [374_682, '365.9KiB'],
  [933_683, '911.8KiB'],
  [1_159_641_170, '1.08GiB'],
  [4_453_882_331, '4.148GiB'],
  [1024 ** 2, '1MiB'],
])('%d bytes on disk are %s', (bytes, text) => {
  expect(formatBinarySize(bytes)).toBe(text);
});

test.each([
  [0, '0B'],
  [126, '126B'],
  [1150, '1.15kB'],
  [308_020, '308.02kB'],
  [113_260_000, '113.26MB'],
])('%d bytes transferred are %s', (bytes, text) => {
  expect(formatTransferSize(bytes)).toBe(text);
});

test('transfers show what is known', () => {
  expect(formatTransferred({ current: 1150, total: 2_070_000 })).toBe(' 1.15kB / 2.07MB');
  expect(formatTransferred({ current: 1150 })).toBe(' 1.15kB');
  expect(formatTransferred({ current: 0 })).toBe('');
});

test.each([
  [0, '0.0s'],
  [-5, '0.0s'],
  [44_700, '44.7s'],
  [360, '0.4s'],
])('%d ms are %s', (milliseconds, text) => {
  expect(formatSeconds(milliseconds)).toBe(text);
});

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

test.each([
  [-SECOND, 'Less than a second ago'],
  [999, 'Less than a second ago'],
  [SECOND, '1 second ago'],
  [9 * SECOND, '9 seconds ago'],
  [MINUTE, 'About a minute ago'],
  [30 * MINUTE, '30 minutes ago'],
  [HOUR, 'About an hour ago'],
  [47 * HOUR, '47 hours ago'],
  [2 * DAY, '2 days ago'],
  [14 * DAY, '2 weeks ago'],
  [60 * DAY, '2 months ago'],
  [730 * DAY, '2 years ago'],
])('%d ms before now is %j', (age, text) => {
  expect(formatAge(10_000 * DAY - age, 10_000 * DAY)).toBe(text);
});
