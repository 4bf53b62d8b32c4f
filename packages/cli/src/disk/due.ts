// SPDX-License-Identifier: MIT
import type { Metadata } from '@img-build/metadata';
import type { StateLimits } from './disk-settings.ts';
import type { DiskSpace } from './disk-space.ts';

/** Names of remembered measurements: of the state folder, and of the disk's free space at that time. */
const STATE_SIZE = 'state';
const FREE_SPACE = 'free space';
/** The ceiling that held then. */
const CEILING = 'ceiling';
/** Bytes; a first build does not come near a ceiling that is higher. */
const ROOMY = 10e9;
/** Bytes by which the disk's free space may shrink without anybody looking why. */
const NOTICEABLE = 64 * 1024 ** 2;
/** Counts what made the state grow since it was measured. */
const UNMEASURED = 'unmeasured changes';
/** Changes after which the state is measured whatever the free space says: others may give back what we take. */
const MOST_UNMEASURED = 5;
/** Milliseconds: things grow old also where nothing is built. */
const LONGEST_PAUSE = 24 * 3_600_000;

/** What is known without looking closely. */
export interface Circumstances {
  readonly space: DiskSpace;
  readonly limits: StateLimits;
  /** Something came that is no record. */
  readonly grew: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Tells whether it is time to measure the state and to collect what is too much: asked of a few numbers, in microseconds. */
export function isDue(
  { measurements, records }: Pick<Metadata, 'measurements' | 'records'>,
  { space: { free }, limits, grew, now }: Circumstances,
): boolean {
  const last = measurements.get(STATE_SIZE);
  const freeThen = measurements.get(FREE_SPACE)?.size;
  if (last === undefined || freeThen === undefined) {
    if (limits.maxUsed < ROOMY) return true;
    // The first build of a state does not wait for a measurement either; this guess has the next ones measure early.
    measurements.put(STATE_SIZE, Math.min(Math.floor(limits.maxUsed / 4), limits.reserved));
    measurements.put(FREE_SPACE, free);
    measurements.put(CEILING, limits.maxUsed);
    return false;
  }
  if (now - last.measuredAt > LONGEST_PAUSE) return true;
  // A user who allows less than before means what is there already; some file systems change their size a little.
  if (limits.maxUsed < 0.9 * (measurements.get(CEILING)?.size ?? 0)) return true;
  const hasNew = grew || (records.changedAt() ?? 0) >= last.measuredAt;
  const grown = Math.max(0, freeThen - free);
  const most = last.size + 2 * grown;
  const isNear = most >= limits.maxUsed / 2 || (free < limits.minFree && most > limits.reserved);
  if (isNear) return hasNew || grown > NOTICEABLE;
  if (!hasNew) return false;
  const unmeasured = (measurements.get(UNMEASURED)?.size ?? 0) + 1;
  measurements.put(UNMEASURED, unmeasured);
  return unmeasured > MOST_UNMEASURED;
}

/** Remembers what was measured, for {@link isDue}. Bytes. */
export function noteMeasurement(
  { measurements }: Pick<Metadata, 'measurements'>,
  { used, free, limits }: { readonly used: number; readonly free: number; readonly limits: StateLimits },
): void {
  measurements.put(STATE_SIZE, used);
  measurements.put(FREE_SPACE, free);
  measurements.put(CEILING, limits.maxUsed);
  measurements.put(UNMEASURED, 0);
}
