// SPDX-License-Identifier: MIT
import { existsSync, statSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { openState, statePath } from './temporary-state.ts';

describe('measurements', () => {
  test('are remembered with their time, and forgotten with what was measured', () => {
    let now = 5;
    const { measurements } = openState({ clock: () => now });
    measurements.put('mount a', 1);
    measurements.put('mount b', 2);
    now = 6;
    measurements.put('mount b', 3);
    measurements.put('state', 4);

    measurements.retain('mount ', new Set(['mount b']));

    expect(measurements.get('mount a')).toBeUndefined();
    expect(measurements.get('mount b')).toEqual({ size: 3, measuredAt: 6 });
    expect(measurements.get('state')).toEqual({ size: 4, measuredAt: 6 });
  });
});

describe('changes', () => {
  test('are as new as the newest record, whenever it was used', () => {
    let now = 1;
    const { records } = openState({ clock: () => now });
    expect(records.changedAt()).toBeUndefined();
    records.put({ id: 'a', type: 'regular', description: '' });
    now = 2;
    records.put({ id: 'b', type: 'regular', description: '' });
    now = 3;
    records.touch(['a']);
    records.put({ id: 'a', type: 'regular', description: 'again' });

    expect(records.changedAt()).toBe(2);
  });
});

describe('compacting', () => {
  const thousand = Array.from({ length: 1000 }, (_, at) => `${at}-${'x'.repeat(1000)}`);

  test('gives back what removed records took', async () => {
    const path = statePath();
    const metadata = openState({ path });
    const empty = metadata.records.list();
    for (const id of thousand) metadata.records.put({ id, type: 'regular', description: '' });
    const full = statSync(path).size + statSync(`${path}-wal`).size;
    metadata.records.remove(thousand);

    metadata.compact();

    expect(statSync(path).size).toBeLessThan(full / 5);
    expect(statSync(`${path}-wal`).size).toBe(0);
    expect(metadata.records.list()).toEqual(empty);
    await metadata.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test('does nothing when there is nothing to gain, and waits for nobody for long', () => {
    const path = statePath();
    const metadata = openState({ path, busyTimeout: 0 });
    const other = openState({ path, busyTimeout: 0 });
    for (const id of thousand) metadata.records.put({ id, type: 'regular', description: '' });

    other.cacheKeys.transaction(() => metadata.compact());

    expect(metadata.records.list()).toHaveLength(thousand.length);
  });
});
