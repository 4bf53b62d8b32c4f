// SPDX-License-Identifier: MIT
import { statfsSync } from 'node:fs';

/** The disk a folder is on. Bytes. */
export interface DiskSpace {
  readonly size: number;
  /** What the user may still write. */
  readonly free: number;
}

/** Asks the file system; costs microseconds. */
export function diskSpace(folder: string): DiskSpace {
  const { bsize, blocks, bavail } = statfsSync(folder);
  return { size: blocks * bsize, free: bavail * bsize };
}
