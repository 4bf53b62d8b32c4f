// SPDX-License-Identifier: MIT

/** Bytes after which what passed through is worth collecting. */
const EVERY = 8 * 1024 * 1024;

/** Told of bytes that passed through and are no longer needed. */
export type Passed = (bytes: number) => void;

/**
 * Keeps the memory of long transfers small where the program was started with `--expose-gc`. Every piece of a stream is a
 * buffer outside the heap that is only freed with the young generation, which fills slowly: at hundreds of megabytes a
 * second, a hundred megabytes of dead buffers wait for it. Collecting the young generation takes a millisecond.
 */
export function createYoungGarbage(
  collect: ((options: { type: 'minor' }) => unknown) | undefined = exposedCollector(),
): Passed {
  let passed = 0;
  if (collect === undefined) return () => {};
  return (bytes) => {
    passed += bytes;
    if (passed < EVERY) return;
    passed = 0;
    collect({ type: 'minor' });
  };
}

function exposedCollector(): ((options: { type: 'minor' }) => unknown) | undefined {
  const { gc } = globalThis as { readonly gc?: unknown };
  return typeof gc === 'function' ? (gc as (options: { type: 'minor' }) => unknown) : undefined;
}
