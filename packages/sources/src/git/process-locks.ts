// SPDX-License-Identifier: MIT
import type { Locks } from '@img-build/interfaces';

/** Locks within this process, for where no other process uses the same folder. */
export function createProcessLocks(): Locks {
  const last = new Map<string, Promise<void>>();
  return {
    async acquire(name, { signal } = {}) {
      const before = last.get(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      last.set(
        name,
        Promise.all([before, promise]).then(() => {}),
      );
      await before;
      if (signal?.aborted === true) {
        resolve();
        throw signal.reason;
      }
      return resolve;
    },
  };
}
