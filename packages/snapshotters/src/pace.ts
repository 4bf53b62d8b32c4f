// SPDX-License-Identifier: MIT
import { setImmediate } from 'node:timers/promises';
import type { AbortOptions } from '@img-build/interfaces';

/** Milliseconds of work between two chances for others. */
const SLICE = 8;

/**
 * Makes long synchronous work share its thread: synchronous file calls cost a third of asynchronous ones, but thousands
 * of them in a row would keep everybody else waiting. The returned function gives way when its time slice is over.
 *
 * @throws `signal.reason`
 */
export function createPace({ signal }: AbortOptions = {}): () => Promise<void> {
  let since = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - since < SLICE) return;
    await setImmediate();
    since = performance.now();
  };
}
