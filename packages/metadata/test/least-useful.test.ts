// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Expendable, leastUseful } from '../src/index.ts';

function thing(id: string, facts: Partial<Expendable> = {}): Expendable {
  return { id, size: 1, lastUsedAt: 0, usageCount: 1, ...facts };
}

function order(items: readonly Expendable[], bytes = Number.POSITIVE_INFINITY): readonly string[] {
  return leastUseful(items, { bytes, mayGo: () => true }).map(({ id }) => id);
}

describe('the least useful', () => {
  test('is what was used longest ago', () => {
    expect(order([thing('new', { lastUsedAt: 2 }), thing('old', { lastUsedAt: 1 })])).toEqual(['old', 'new']);
  });

  test('is what was used rarely', () => {
    expect(order([thing('often', { usageCount: 9 }), thing('once')])).toEqual(['once', 'often']);
  });

  test('is what is both, before what is one of them', () => {
    const items = [
      thing('old-often', { lastUsedAt: 1, usageCount: 8 }),
      thing('new-often', { lastUsedAt: 2, usageCount: 9 }),
      thing('old-once', { lastUsedAt: 1, usageCount: 1 }),
    ];
    expect(order(items)).toEqual(['old-once', 'old-often', 'new-often']);
  });

  test('comes before what it stands on, however useful it is', () => {
    const items = [thing('base'), thing('child', { parent: 'base', lastUsedAt: 9, usageCount: 9 })];
    expect(order(items)).toEqual(['child', 'base']);
  });

  test('is given up until there is room', () => {
    const items = ['a', 'b', 'c'].map((id, at) => thing(id, { lastUsedAt: at, size: 10 }));
    expect(order(items, 0)).toEqual([]);
    expect(order(items, 10)).toEqual(['a']);
    expect(order(items, 11)).toEqual(['a', 'b']);
    expect(order(items, 1000)).toEqual(['a', 'b', 'c']);
  });
});

const items = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat(30), { nil: undefined }),
      size: fc.nat(100),
      lastUsedAt: fc.nat(5),
      usageCount: fc.nat(5),
      stays: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
    }),
    { maxLength: 30 },
  )
  .map((list) =>
    list.map(({ parent, ...rest }, at) => ({
      ...rest,
      id: String(at),
      parent: parent === undefined || at === 0 ? undefined : String(parent % at),
    })),
  );

test('nothing goes before what stands on it, nothing that stays, and no more than needed', () => {
  fc.assert(
    fc.property(items, fc.nat(500), (list, bytes) => {
      const chosen = leastUseful(list, { bytes, mayGo: ({ stays }) => !stays });
      const gone = new Set<string>();
      for (const { id } of chosen) {
        expect(list.every(({ id: child, parent }) => parent !== id || gone.has(child))).toBe(true);
        gone.add(id);
      }
      expect(chosen.some(({ stays }) => stays)).toBe(false);
      const given = chosen.map(({ size }) => size);
      const before = given.slice(0, -1).reduce((sum, size) => sum + size, 0);
      if (chosen.length > 0) expect(before).toBeLessThan(bytes);
      const enough = given.reduce((sum, size) => sum + size, 0) >= bytes;
      const isFree = (id: string): boolean =>
        list.every(({ id: child, parent }) => parent !== id || gone.has(child));
      if (!enough) expect(list.filter(({ id, stays }) => !stays && !gone.has(id) && isFree(id))).toEqual([]);
    }),
  );
});
