// SPDX-License-Identifier: MIT
import type { Locks } from '@img-build/interfaces';

/** Locks of one process, in the order they were asked for. `held` are the names of those that are taken now. */
export interface MemoryLocks extends Locks {
  readonly held: readonly string[];
}

interface Holder {
  readonly shared: boolean;
  readonly done: Promise<void>;
}

/** Locks without files. */
export function createMemoryLocks(): MemoryLocks {
  const holders = new Map<string, Set<Holder>>();
  return {
    get held() {
      return [...holders].filter(([, all]) => all.size > 0).map(([name]) => name);
    },
    async acquire(name, { shared = false, signal, onWait } = {}) {
      const all = holders.get(name) ?? new Set();
      holders.set(name, all);
      const blockers = (): Holder[] => [...all].filter((holder) => !(shared && holder.shared));
      if (blockers().length > 0) onWait?.();
      signal?.throwIfAborted();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      aborted.catch(() => {});
      const abort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        for (let wait = blockers(); wait.length > 0; wait = blockers())
          await Promise.race([aborted, ...wait.map(({ done }) => done)]);
      } finally {
        signal?.removeEventListener('abort', abort);
      }
      const { promise: done, resolve } = Promise.withResolvers<void>();
      const own: Holder = { shared, done };
      all.add(own);
      return () => {
        all.delete(own);
        resolve();
      };
    },
  };
}
