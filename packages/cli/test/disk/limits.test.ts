// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { stateLimits } from '../../src/disk/disk-settings.ts';
import { excessOf } from '../../src/disk/limits.ts';
import { parseAge, parseDiskSize } from '../../src/disk/quantities.ts';

test.each([
  ['no limit gives everything back', {}, { used: 100, free: 0 }, Number.POSITIVE_INFINITY],
  ['a reservation alone is what is kept', { reserved: 30 }, { used: 100, free: 0 }, 70],
  ['nothing goes below a reservation', { reserved: 130 }, { used: 100, free: 0 }, 0],
  ['the most there may be', { maxUsed: 60 }, { used: 100, free: 0 }, 40],
  ['less than the most there may be', { maxUsed: 160 }, { used: 100, free: 0 }, 0],
  ['free space that is missing', { minFree: 50 }, { used: 100, free: 20 }, 30],
  ['free space that is there', { minFree: 50 }, { used: 100, free: 60 }, 0],
  ['more free space than can be had', { minFree: 500 }, { used: 100, free: 60 }, 100],
  [
    'free space never at the cost of a reservation',
    { minFree: 500, reserved: 90 },
    { used: 100, free: 0 },
    10,
  ],
  ['the stricter of both', { minFree: 50, maxUsed: 80 }, { used: 100, free: 20 }, 30],
  ['the stricter of both, the other way', { minFree: 50, maxUsed: 60 }, { used: 100, free: 20 }, 40],
])('%s', (_name, limits, state, excess) => {
  expect(excessOf(limits, state)).toBe(excess);
});

const GB = 1e9;

test('a small disk is filled to four fifths, a large one to 100 GB', () => {
  expect(stateLimits({ size: 50 * GB, free: 0 }, {})).toEqual({
    maxUsed: 40 * GB,
    reserved: 5 * GB,
    minFree: 10 * GB,
  });
  expect(stateLimits({ size: 1000 * GB, free: 0 }, {})).toEqual({
    maxUsed: 100 * GB,
    reserved: 10 * GB,
    minFree: 200 * GB,
  });
});

test('the user has the last word, on the command line before the environment', () => {
  const disk = { size: 100 * GB, free: 0 };
  const env = { IMG_MAX_SIZE: '50%' };
  expect(stateLimits(disk, env)?.maxUsed).toBe(50 * GB);
  expect(stateLimits(disk, env, '1GB')).toMatchObject({ maxUsed: 1024 ** 3, reserved: 1024 ** 3 });
  expect(stateLimits(disk, env, 'none')).toBeUndefined();
  expect(stateLimits(disk, { IMG_MAX_SIZE: 'none' })).toBeUndefined();
  expect(stateLimits(disk, { IMG_MAX_SIZE: '' })?.maxUsed).toBe(80 * GB);
  expect(() => stateLimits(disk, { IMG_MAX_SIZE: 'much' })).toThrow(/"much" for IMG_MAX_SIZE/);
  expect(() => stateLimits(disk, {}, '120%')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test.each([
  ['90s', 90],
  ['1h30m', 5400],
  ['2d', 172_800],
  ['1.5w', 907_200],
  ['500ms', 0.5],
  ['0', 0],
])('%s is %d seconds', (text, seconds) => {
  expect(parseAge(text, 'x')).toBe(seconds * 1000);
});

test.each(['', '5', 'h', '-1h', '1y', '1h 2m'])('%j is no duration', (text) => {
  expect(() => parseAge(text, 'x')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('shares are for what has a whole', () => {
  expect(parseDiskSize('12.5%', 'x', 1000)).toBe(125);
  expect(() => parseDiskSize('10%', 'x')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
