// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMetadata } from '@img-build/metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Circumstances, isDue } from '../../src/disk/due.ts';

const GB = 1e9;
const DAY = 24 * 3_600_000;
const limits = { maxUsed: 100 * GB, reserved: 10 * GB, minFree: 20 * GB };

let folder: string;
let now: number;
let metadata: ReturnType<typeof openMetadata>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'img-due-'));
  now = 1e12;
  metadata = openMetadata({ path: join(folder, 'state.db'), clock: () => now });
});

afterEach(async () => {
  await metadata.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks a minute later. */
function due(given: Partial<Circumstances> & { readonly free?: number } = {}): boolean {
  now += 60_000;
  const { free = 50 * GB, ...rest } = given;
  return isDue(metadata, { space: { size: 200 * GB, free }, limits, grew: false, now, ...rest });
}

/** A minute after that a record came. */
function addRecord(): void {
  now += 60_000;
  metadata.records.put({ id: `r${now}`, type: 'regular', description: '' });
}

function measured(size: number, { free = 50 * GB, ceiling = limits.maxUsed } = {}): void {
  metadata.measurements.put('state', size);
  metadata.measurements.put('free space', free);
  metadata.measurements.put('ceiling', ceiling);
  metadata.measurements.put('unmeasured changes', 0);
}

describe('a collection is due', () => {
  test('at first only where little is allowed', () => {
    expect(due({ limits: { ...limits, maxUsed: 5 * GB } })).toBe(true);
    expect(due()).toBe(false);
    expect(due()).toBe(false);
  });

  test('near the ceiling as soon as something came, and not before', () => {
    measured(60 * GB);
    expect(due()).toBe(false);
    addRecord();
    expect(due()).toBe(true);
    measured(60 * GB);
    expect(due({ grew: true })).toBe(true);
  });

  test('far below it only after several changes, or when the disk filled up meanwhile', () => {
    measured(1 * GB);
    addRecord();
    expect([1, 2, 3, 4, 5, 6].map(() => due())).toEqual([false, false, false, false, false, true]);
    measured(1 * GB);
    addRecord();
    expect(due({ free: 25 * GB })).toBe(true);
  });

  test('on a disk that is nearly full, unless what is reserved is not exceeded', () => {
    measured(12 * GB, { free: 5 * GB });
    addRecord();
    expect(due({ free: 5 * GB })).toBe(true);
    measured(8 * GB, { free: 5 * GB });
    addRecord();
    expect(due({ free: 5 * GB })).toBe(false);
  });

  test('when the user allows less than before', () => {
    measured(1 * GB);
    expect(due({ limits: { ...limits, maxUsed: 95 * GB } })).toBe(false);
    expect(due({ limits: { ...limits, maxUsed: 50 * GB } })).toBe(true);
  });

  test('once a day, whatever happens', () => {
    measured(1 * GB);
    now += DAY;
    expect(due()).toBe(true);
  });
});
