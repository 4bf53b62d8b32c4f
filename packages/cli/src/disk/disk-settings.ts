// SPDX-License-Identifier: MIT
import type { Flag } from '../command.ts';
import type { DiskSpace } from './disk-space.ts';
import type { DiskLimits } from './limits.ts';
import { parseDiskSize } from './quantities.ts';

const GIGABYTE = 1e9;
/** The largest share of a disk, and the most bytes, that the state takes unless the user says otherwise. */
const MAX_SHARE = 0.8;
const MAX_BYTES = 100 * GIGABYTE;
const RESERVED_SHARE = 0.1;
const RESERVED_BYTES = 10 * GIGABYTE;
const FREE_SHARE = 0.2;

/** Bounds of the state folder. */
export type StateLimits = Required<{ readonly [Name in keyof DiskLimits]: number }>;

/** A flag of commands that make the state grow. */
export const MAX_SIZE_FLAG: Flag = {
  name: 'max-size',
  type: 'string',
  value: 'bytes',
  description: 'Most that the state directory may take (e.g., "20GB", "50%", "none"); also $IMG_MAX_SIZE',
  more: true,
};

/**
 * What the automatic collection keeps to: `--max-size`, else `IMG_MAX_SIZE`, else what suits the disk; `undefined` when the
 * user wants none (`none`).
 *
 * @throws UsageError
 */
export function stateLimits(
  { size }: DiskSpace,
  env: NodeJS.ProcessEnv,
  flag?: string,
): StateLimits | undefined {
  const text = flag ?? (env['IMG_MAX_SIZE'] || undefined);
  if (text === 'none') return undefined;
  const name = flag === undefined ? 'IMG_MAX_SIZE' : '--max-size';
  const given = text === undefined ? undefined : parseDiskSize(text, name, size);
  const maxUsed = given ?? Math.floor(Math.min(size * MAX_SHARE, MAX_BYTES));
  return {
    maxUsed,
    // What the user allows is the most there may be: nothing is reserved above it.
    reserved: Math.floor(Math.min(size * RESERVED_SHARE, RESERVED_BYTES, maxUsed)),
    minFree: Math.floor(size * FREE_SHARE),
  };
}
