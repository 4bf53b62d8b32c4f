// SPDX-License-Identifier: MIT
import { parseMemorySize } from '@img-build/dockerfile-parser';
import { UsageError } from '../../usage-error.ts';

/** Bytes of `--shm-size`: `128m`, `1.5g`, `65536`. @throws UsageError */
export function parseShmSize(text: string): number {
  const bytes = parseMemorySize(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw new UsageError(`invalid size: ${JSON.stringify(text)}`, 'write --shm-size 128m');
}
