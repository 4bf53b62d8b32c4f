// SPDX-License-Identifier: MIT
import type { Link } from './chain-order.ts';

/** What can be given up for space. */
export interface Expendable extends Link {
  /** Bytes that its removal gives back. */
  readonly size: number;
  /** Milliseconds since the Unix epoch. */
  readonly lastUsedAt: number;
  readonly usageCount: number;
}

/** How much to give up. */
export interface SacrificeOptions<T> {
  /** Bytes to give back; everything with `Infinity`. */
  readonly bytes: number;
  /** What may go. What others stand on that may not go stays, too. */
  readonly mayGo: (item: T) => boolean;
}

/**
 * Chooses what to remove until enough bytes are given back, the least useful first and children before what they stand on.
 * Useful is what was used lately and often: the places of an item in both orders count the same.
 */
export function leastUseful<T extends Expendable>(
  items: readonly T[],
  { bytes, mayGo }: SacrificeOptions<T>,
): readonly T[] {
  const usefulness = usefulnessOf(items);
  const children = new Map<string, number>();
  for (const { parent } of items)
    if (parent !== undefined) children.set(parent, (children.get(parent) ?? 0) + 1);
  const byId = new Map(items.map((item) => [item.id, item]));
  const ready = new Ranking<T>((item) => usefulness.get(item) ?? 0);
  const offer = (item: T): void => {
    if ((children.get(item.id) ?? 0) === 0 && mayGo(item)) ready.add(item);
  };
  items.forEach(offer);
  const chosen: T[] = [];
  for (let given = 0; given < bytes; ) {
    const item = ready.takeLeast();
    if (item === undefined) break;
    chosen.push(item);
    given += item.size;
    const parent = item.parent === undefined ? undefined : byId.get(item.parent);
    if (parent === undefined) continue;
    children.set(parent.id, (children.get(parent.id) ?? 0) - 1);
    offer(parent);
  }
  return chosen;
}

/** Equal values share a place; ties between items are broken by time, then by id, so that the order is always the same. */
function usefulnessOf<T extends Expendable>(items: readonly T[]): ReadonlyMap<T, number> {
  const byTime = places(items.map(({ lastUsedAt }) => lastUsedAt));
  const byCount = places(items.map(({ usageCount }) => usageCount));
  const rank = (item: T): number => (byTime.get(item.lastUsedAt) ?? 0) + (byCount.get(item.usageCount) ?? 0);
  const ordered = [...items].sort(
    (a, b) => rank(a) - rank(b) || a.lastUsedAt - b.lastUsedAt || (a.id < b.id ? -1 : 1),
  );
  return new Map(ordered.map((item, place) => [item, place]));
}

/** Where each value stands among the different ones, from 0 for the least to 1. */
function places(values: readonly number[]): ReadonlyMap<number, number> {
  const different = [...new Set(values)].sort((a, b) => a - b);
  return new Map(different.map((value, place) => [value, place / Math.max(1, different.length - 1)]));
}

/** A binary heap: the least comes out first. */
class Ranking<T> {
  readonly #items: T[] = [];
  readonly #rank: (item: T) => number;

  constructor(rank: (item: T) => number) {
    this.#rank = rank;
  }

  add(item: T): void {
    this.#items.push(item);
    let at = this.#items.length - 1;
    for (let above = (at - 1) >> 1; at > 0 && this.#isLess(at, above); above = (at - 1) >> 1) {
      this.#swap(at, above);
      at = above;
    }
  }

  takeLeast(): T | undefined {
    const least = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return least;
    this.#items[0] = last;
    for (let at = 0; ; ) {
      let next = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < this.#items.length && this.#isLess(below, next)) next = below;
      if (next === at) return least;
      this.#swap(at, next);
      at = next;
    }
  }

  #isLess(a: number, b: number): boolean {
    return this.#rank(this.#items[a] as T) < this.#rank(this.#items[b] as T);
  }

  #swap(a: number, b: number): void {
    [this.#items[a], this.#items[b]] = [this.#items[b] as T, this.#items[a] as T];
  }
}
