// SPDX-License-Identifier: MIT
import type { AbortOptions, Locks } from '@img-build/interfaces';

/** Takes a lock that is free; `undefined` when somebody has it. Returns the function that releases it. */
export async function tryAcquire(
  locks: Locks,
  name: string,
  { signal }: AbortOptions = {},
): Promise<(() => void) | undefined> {
  const busy = new AbortController();
  try {
    return await locks.acquire(name, {
      signal: signal === undefined ? busy.signal : AbortSignal.any([signal, busy.signal]),
      onWait: () => busy.abort(busy),
    });
  } catch (error) {
    if (error === busy) return undefined;
    throw error;
  }
}
