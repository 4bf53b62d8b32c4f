// SPDX-License-Identifier: MIT
import { UsageError } from '../../usage-error.ts';

const MODES = ['default', 'none', 'host'] as const;

/** Network of steps that name none. */
export type NetworkMode = (typeof MODES)[number];

/** Reads `--network`. @throws UsageError */
export function parseNetworkMode(text: string): NetworkMode {
  const mode = MODES.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw new UsageError(
    `network mode ${JSON.stringify(text)} is not supported`,
    `choose one of ${MODES.join(', ')}`,
  );
}
