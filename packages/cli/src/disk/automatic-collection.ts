// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Metadata } from '@img-build/metadata';
import { formatBinarySize } from '../render/units.ts';
import type { Services } from '../wiring/services.ts';
import { type StateLimits, stateLimits } from './disk-settings.ts';
import { type DiskSpace, diskSpace } from './disk-space.ts';
import { excessOf } from './limits.ts';
import { keepReserve } from './reserve.ts';

/** What is collected after. */
export interface AutomaticCollectionOptions extends AbortOptions {
  /** Value of `--max-size`. */
  readonly maxSize?: string | undefined;
  /** Writes a line for the user. */
  readonly say: (line: string) => void;
}

/** Names of remembered measurements: of the state folder, and of the disk's free space at that time. */
const STATE_SIZE = 'state';
const FREE_SPACE = 'free space';
/** Counts what made the state grow since it was measured. */
const UNMEASURED = 'unmeasured changes';
/** Changes after which the state is measured whatever the free space says: others may give back what we take. */
const MOST_UNMEASURED = 5;
/** Milliseconds: things grow old also where nothing is built. */
const LONGEST_PAUSE = 24 * 3_600_000;

/** Complains of a size that is none before any work is done. @throws UsageError */
export function checkMaxSize({ env }: Pick<Services, 'env'>, maxSize: string | undefined): void {
  stateLimits({ size: 0, free: 0 }, env, maxSize);
}

/**
 * Keeps the state folder within its limits. Whether there is anything to do is asked of what was measured last and of the
 * disk's free space; only then is anything listed and measured. Never fails: a build that succeeded did.
 */
export async function collectAutomatically(
  services: Services,
  options: AutomaticCollectionOptions,
): Promise<void> {
  try {
    keepReserve(services);
    const space = diskSpace(services.state());
    const limits = stateLimits(space, services.env, options.maxSize);
    if (limits === undefined) return;
    const metadata = await services.metadata();
    if (isDue(metadata, space, limits)) await collectWithin(services, metadata, limits, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    services.logger.warn(`cannot collect what is not needed any more: ${(error as Error).message}`);
  }
}

function isDue(
  { measurements, records, images }: Metadata,
  { free }: DiskSpace,
  limits: StateLimits,
): boolean {
  const last = measurements.get(STATE_SIZE);
  const freeThen = measurements.get(FREE_SPACE)?.size;
  if (last === undefined || freeThen === undefined) return true;
  if (Date.now() - last.measuredAt > LONGEST_PAUSE) return true;
  if (Math.max(records.changedAt() ?? 0, images.changedAt() ?? 0) < last.measuredAt) return false;
  const grown = Math.max(0, freeThen - free);
  if (last.size + 2 * grown >= limits.maxUsed / 2 || free < limits.minFree) return true;
  const unmeasured = (measurements.get(UNMEASURED)?.size ?? 0) + 1;
  measurements.put(UNMEASURED, unmeasured);
  return unmeasured > MOST_UNMEASURED;
}

async function collectWithin(
  services: Services,
  metadata: Metadata,
  limits: StateLimits,
  { signal, say }: AutomaticCollectionOptions,
): Promise<void> {
  const [{ diskUsage }, { collect }, { chooseByLadder }, { tryAcquire }, locks] = await Promise.all([
    import('../cache-usage.ts'),
    import('../collection.ts'),
    import('./ladder.ts'),
    import('@img-build/worker'),
    services.locks(),
  ]);
  // One process does it for all.
  const release = await tryAcquire(locks, 'collection', { signal });
  if (release === undefined) return;
  try {
    const { rows, total } = await diskUsage(services, { signal });
    const { free } = diskSpace(services.state());
    const state = { limits, used: total, free, now: Date.now() };
    const chosen = chooseByLadder(rows, state);
    let used = total;
    if (chosen.length > 0 || total > limits.maxUsed) {
      const ids = new Set(chosen.map(({ record }) => record.id));
      const removed = await collect(services, { ids, signal });
      if (removed.size > 0) {
        const freed = chosen.filter(({ record }) => removed.has(record.id));
        say(
          summary(
            freed.length,
            freed.reduce((sum, row) => sum + row.freed, 0),
          ),
        );
      }
      used = (await diskUsage(services, { signal })).total;
      if (excessOf({ maxUsed: limits.maxUsed }, { used, free }) > 0) say(tooLarge(used, limits.maxUsed));
    }
    metadata.measurements.put(STATE_SIZE, used);
    metadata.measurements.put(FREE_SPACE, diskSpace(services.state()).free);
    metadata.measurements.put(UNMEASURED, 0);
  } finally {
    release();
  }
}

function summary(count: number, bytes: number): string {
  return `Freed ${formatBinarySize(bytes)} of cache: ${count} of the least useful ${count === 1 ? 'record' : 'records'}`;
}

function tooLarge(used: number, maxUsed: number): string {
  return (
    `WARNING: images and running builds alone take ${formatBinarySize(used)}, more than the ` +
    `${formatBinarySize(maxUsed)} allowed: remove images with img rm, or raise --max-size`
  );
}
