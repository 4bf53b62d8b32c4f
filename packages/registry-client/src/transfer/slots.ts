// SPDX-License-Identifier: MIT

/** Gives back a slot; a second call does nothing. */
export type Release = () => void;

/** Limits how many blobs of a kind move to or from a host at once. */
export interface Slots {
  /** Waits for a free slot, first come, first served. Rejects with the signal's reason. */
  take(name: string, signal: AbortSignal | undefined): Promise<Release>;
}

interface Queue {
  free: number;
  readonly waiting: Set<() => void>;
}

/** Creates {@link Slots}. @param count - slots under each name */
export function createSlots(count: number): Slots {
  const queues = new Map<string, Queue>();
  return {
    async take(name, signal) {
      signal?.throwIfAborted();
      const queue = queues.get(name) ?? { free: count, waiting: new Set() };
      queues.set(name, queue);
      if (queue.free > 0) queue.free -= 1;
      else await turn(queue, signal);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const [next] = queue.waiting;
        if (next === undefined) queue.free += 1;
        else {
          queue.waiting.delete(next);
          next();
        }
      };
    },
  };
}

async function turn({ waiting }: Queue, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    // Whoever was given a slot in the same moment keeps it and gives it back.
    if (waiting.delete(resolve)) reject(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  waiting.add(resolve);
  try {
    await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
