// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';

/**
 * Works on all items, on some at once. The first failure stops the others and is the one that is thrown: what they
 * throw then only follows from it.
 */
export async function forEachParallel<T>(
  items: readonly T[],
  parallel: number,
  { signal }: AbortOptions,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const queue = items.values();
  const workers = Array.from({ length: Math.min(parallel, items.length) }, async () => {
    try {
      for (const item of queue) {
        either.throwIfAborted();
        await work(item, either);
      }
    } catch (error) {
      if (!failed.signal.aborted) failed.abort(error);
    }
  });
  await Promise.all(workers);
  signal?.throwIfAborted();
  failed.signal.throwIfAborted();
}
