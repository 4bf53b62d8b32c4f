// SPDX-License-Identifier: MIT

/** Shared by every call that can take longer than one event-loop turn. */
export interface AbortOptions {
  /** Stops the call; it then rejects with `signal.reason`, unwrapped. */
  readonly signal?: AbortSignal | undefined;
}

/** Shared by every call that moves bytes. */
export interface ProgressOptions {
  /** Called with the bytes moved so far; must not throw and must not block. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Shared by everything that holds a resource. */
export interface Closable {
  /** Releases the resource; a second call does nothing. */
  close(): Promise<void>;
}

/** Milliseconds since the Unix epoch; a port, so that tests decide what time it is. */
export type Clock = () => number;
