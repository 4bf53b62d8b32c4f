// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Metadata } from '@img-build/metadata';
import { formatBinarySize } from '../render/units.ts';
import type { Services } from '../wiring/services.ts';
import { type StateLimits, stateLimits } from './disk-settings.ts';
import { diskSpace } from './disk-space.ts';
import { isDue, noteMeasurement } from './due.ts';
import { excessOf } from './limits.ts';
import { keepReserve } from './reserve.ts';

/** What is collected after. */
export interface AutomaticCollectionOptions extends AbortOptions {
  /** Value of `--max-size`. */
  readonly maxSize?: string | undefined;
  /** Blobs came that no new record names: an image was pulled. */
  readonly grew?: boolean | undefined;
  /** Writes a line for the user. */
  readonly say: (line: string) => void;
}

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
    const { grew = false } = options;
    if (isDue(metadata, { space, limits, grew, now: Date.now() }))
      await collectWithin(services, metadata, limits, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    services.logger.warn(`cannot collect what is not needed any more: ${(error as Error).message}`);
  }
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
    noteMeasurement(metadata, { used, free: diskSpace(services.state()).free, limits });
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
