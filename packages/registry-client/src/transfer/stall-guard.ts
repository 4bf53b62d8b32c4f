// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';

/** What counts as standing still. */
export interface StallLimits {
  /** Milliseconds of waiting for the network. */
  readonly window: number;
  /** Bytes that have to move in each of them. */
  readonly bytes: number;
}

/**
 * Ends a transfer that hardly moves: connections that drip, or died without a word, would hold it for ever. Only the time
 * spent waiting for the network counts, so that a slow reader or source is no stall.
 */
export interface StallGuard {
  /** Aborted, with a temporary error, when the transfer stands still. */
  readonly signal: AbortSignal;
  /** The network's turn. */
  wait(): void;
  /** Our turn again, with so many bytes moved. */
  moved(bytes: number): void;
  /** No more watching. */
  stop(): void;
}

/** Starts watching a transfer. @param what - for the message */
export function createStallGuard(limits: StallLimits, what: string, host: string): StallGuard {
  const controller = new AbortController();
  let waited = 0;
  let bytes = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;

  const expire = (): void => {
    if (bytes < limits.bytes) {
      controller.abort(
        new RegistryError(`${what} stalled: ${bytes} bytes in ${limits.window / 1000} s`, {
          code: 'REGISTRY_UNREACHABLE',
          host,
          temporary: true,
        }),
      );
      return;
    }
    waited = 0;
    bytes = 0;
    since = performance.now();
    timer = setTimeout(expire, limits.window);
  };
  const pause = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    waited += performance.now() - since;
  };

  return {
    signal: controller.signal,
    wait() {
      if (timer !== undefined) return;
      since = performance.now();
      timer = setTimeout(expire, Math.max(0, limits.window - waited));
    },
    moved(count) {
      bytes += count;
      pause();
    },
    stop: pause,
  };
}

/** Either signal. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other]);
}
