// SPDX-License-Identifier: MIT
import { constants } from 'node:os';

/** Ctrl-C and kill, as an abort. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + signal number, once a signal came. */
  readonly exitCode: number | undefined;
  close(): void;
}

/** Milliseconds that cleaning up may take; after that the process ends, and its worker with it. */
const PATIENCE = 1800;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal aborts; a second one, or cleaning up that takes too long, ends the process at once. */
export function createInterruption(
  host: Pick<NodeJS.Process, 'on' | 'off' | 'exit'>,
  beforeExit: () => void,
): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const exit = (code: number): void => {
    beforeExit();
    host.exit(code);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    const code = 128 + (constants.signals[name] ?? 0);
    if (exitCode !== undefined) return exit(exitCode);
    exitCode = code;
    timer = setTimeout(() => exit(code), PATIENCE);
    timer.unref();
    controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  for (const name of SIGNALS) host.on(name, onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    close() {
      clearTimeout(timer);
      for (const name of SIGNALS) host.off(name, onSignal);
    },
  };
}
