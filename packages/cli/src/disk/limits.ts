// SPDX-License-Identifier: MIT

/** How much may be kept. Bytes. */
export interface DiskLimits {
  /** Never more than this. */
  readonly maxUsed?: number | undefined;
  /** This much is kept although the disk is nearly full. */
  readonly reserved?: number | undefined;
  /** This much of the disk shall stay free. */
  readonly minFree?: number | undefined;
}

/** How things are. Bytes. */
export interface DiskState {
  /** What the limits are about. */
  readonly used: number;
  /** Free on the disk. */
  readonly free: number;
}

/**
 * Bytes to give back. Without any limit that is everything; a reservation alone is also what is kept.
 *
 * @see BuildKit v0.26, cache/manager.go, calculateKeepBytes
 */
export function excessOf({ maxUsed, reserved, minFree }: DiskLimits, { used, free }: DiskState): number {
  if (maxUsed === undefined && reserved === undefined && minFree === undefined)
    return Number.POSITIVE_INFINITY;
  const missing = Math.max(0, (minFree ?? 0) - free);
  const unbounded = minFree === undefined ? 0 : used;
  const kept = Math.min(maxUsed ?? unbounded, used - missing);
  return Math.max(0, used - Math.max(kept, reserved ?? 0));
}
