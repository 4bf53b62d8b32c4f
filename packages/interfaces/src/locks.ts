// SPDX-License-Identifier: MIT
import type { AbortOptions } from './abort.ts';

/** How to wait for a lock. */
export interface LockOptions extends AbortOptions {
  readonly shared?: boolean | undefined;
  /** Called once when the lock is not free at once. @param holder - pid of the process that has it, where that is known. */
  readonly onWait?: ((holder?: number) => void) | undefined;
}

/** Locks between processes on one state directory; the kernel frees those of a dead process. */
export interface Locks {
  /** Returns the function that releases it. */
  acquire(name: string, options?: LockOptions): Promise<() => void>;
}
