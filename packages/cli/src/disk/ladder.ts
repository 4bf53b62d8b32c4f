// SPDX-License-Identifier: MIT
import { leastUseful } from '@img-build/metadata';
import type { UsageRow } from '../cache-usage.ts';
import { type DiskLimits, excessOf } from './limits.ts';

/** What the automatic collection goes by. */
export interface LadderState {
  readonly limits: DiskLimits;
  /** Bytes of the whole state folder. */
  readonly used: number;
  /** Free bytes of the disk. */
  readonly free: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

const HOUR = 3_600_000;

/** What can be had again by copying or fetching goes when it was not used for so long, in milliseconds … */
export const INPUT_AGE: number = 48 * HOUR;
/** … down to so many bytes. */
export const INPUT_BYTES: number = 512 * 1024 ** 2;
/** Anything goes when it was not used for so long, in milliseconds. */
export const LONGEST_AGE: number = 60 * 24 * HOUR;

const INPUT_TYPES: ReadonlySet<string> = new Set([
  'source.local',
  'source.git.checkout',
  'source.http',
  'exec.cachemount',
]);

/** Tells whether a row is an input of builds that can be had again. */
export function isInput({ record }: UsageRow): boolean {
  return INPUT_TYPES.has(record.type);
}

/**
 * Chooses what the automatic collection removes, in four steps: inputs unused for two days, down to 512 MiB; anything unused
 * for sixty days, down to what is reserved; then the least useful until the limits hold, at last also what an image has
 * a copy of.
 */
export function chooseByLadder(rows: readonly UsageRow[], state: LadderState): readonly UsageRow[] {
  const { limits, now } = state;
  const left = new Set(rows);
  let { used, free } = state;

  function give(bytes: number, mayGo: (row: UsageRow) => boolean): void {
    if (bytes <= 0) return;
    for (const row of leastUsefulRows([...left], { bytes, mayGo: (each) => !each.inUse && mayGo(each) })) {
      left.delete(row);
      used -= row.freed;
      free += row.freed;
    }
  }

  const unusedFor = (age: number) => (row: UsageRow) => now - row.record.lastUsedAt >= age;
  const isPlain = (row: UsageRow): boolean => !row.shared && row.record.type !== 'internal';
  const inputs = [...left].filter(isInput).reduce((sum, { freed }) => sum + freed, 0);
  give(inputs - INPUT_BYTES, (row) => isInput(row) && isPlain(row) && unusedFor(INPUT_AGE)(row));
  give(used - (limits.reserved ?? 0), (row) => isPlain(row) && unusedFor(LONGEST_AGE)(row));
  give(excessOf(limits, { used, free }), isPlain);
  give(excessOf(limits, { used, free }), () => true);
  return rows.filter((row) => !left.has(row));
}

/** {@link leastUseful} of rows. */
export function leastUsefulRows(
  rows: readonly UsageRow[],
  options: { readonly bytes: number; readonly mayGo: (row: UsageRow) => boolean },
): readonly UsageRow[] {
  const items = rows.map((row) => {
    const { id, parent, lastUsedAt, usageCount } = row.record;
    return { row, id, parent, lastUsedAt, usageCount, size: row.freed };
  });
  const chosen = leastUseful(items, { bytes: options.bytes, mayGo: ({ row }) => options.mayGo(row) });
  return chosen.map(({ row }) => row);
}
