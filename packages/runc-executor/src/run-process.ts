// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import type { AbortOptions, ContainerOutput } from '@img-build/interfaces';

/** Milliseconds between SIGTERM and the kill. */
const GRACE = 700;
/** Milliseconds for output that is still in a pipe when the process has ended. */
const DRAIN = 500;

/** What to run, and how to kill what SIGTERM does not end. */
export interface ProcessCall extends AbortOptions {
  readonly command: readonly [program: string, ...args: string[]];
  readonly output: ContainerOutput;
  kill(): Promise<void>;
}

/** Runs a process, hands on its output as it comes, and returns its exit code (128 + signal number). Never rejects for an abort. */
export async function runProcess({
  command: [program, ...args],
  output,
  signal,
  kill,
}: ProcessCall): Promise<number> {
  const { execa } = await import('execa');
  const child = execa(program, args, { buffer: false, reject: false, stdin: 'ignore', cleanup: false });
  child.stdout.on('data', (chunk: Uint8Array) => output.stdout(chunk));
  child.stderr.on('data', (chunk: Uint8Array) => output.stderr(chunk));
  let timer: NodeJS.Timeout | undefined;
  let killing: Promise<void> | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    timer = setTimeout(() => {
      killing = kill();
    }, GRACE);
  };
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  child.nodeChildProcess?.once('exit', () => {
    clearTimeout(timer);
    // A process that outlives the container, where there is no pid namespace, must not keep us waiting for its pipe.
    timer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, DRAIN);
  });
  try {
    const result = await child;
    await killing;
    if (result.exitCode !== undefined) return result.exitCode;
    if (result.signal !== undefined) return 128 + constants.signals[result.signal];
    throw result as Error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
