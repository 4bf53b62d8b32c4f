// SPDX-License-Identifier: MIT

/** Bounded parallelism, first come, first served. */
export interface Slots {
  /** Resolves when a slot is free, with the function that frees it again; rejects with `signal.reason`. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Makes `count` slots. */
export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let free = count;

  function release(): void {
    const [next] = waiting;
    if (next === undefined) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    take(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (free > 0) {
        free--;
        return Promise.resolve(release);
      }
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const grant = (): void => {
        signal.removeEventListener('abort', abandon);
        resolve(release);
      };
      const abandon = (): void => {
        waiting.delete(grant);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abandon, { once: true });
      waiting.add(grant);
      return promise;
    },
  };
}
