// SPDX-License-Identifier: MIT
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work between two looks at what else waits in the event loop. */
const LONGEST_STRETCH = 8;

/** Returns a function to call between pieces of synchronous work: it lets others run when this has taken long enough. */
export function createBreather(signal?: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - since < LONGEST_STRETCH) return undefined;
    return nextTurn().then(() => {
      signal?.throwIfAborted();
      since = performance.now();
    });
  };
}
