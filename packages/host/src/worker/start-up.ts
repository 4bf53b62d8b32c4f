// SPDX-License-Identifier: MIT
import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { AbortOptions } from '@img-build/interfaces';
import { HostError } from '../host-error.ts';

/** Characters kept of what a worker printed; its last words are what explains its end. */
const TAIL = 4096;

/** What a process printed, and how it ended. */
export interface OutputTail {
  text(): string;
  /** Resolves when the process has ended and all its output was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Collects the end of stdout and stderr. */
export function createOutputTail(
  child: ChildProcess,
  onOutput: ((text: string) => void) | undefined,
): OutputTail {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL);
      onOutput?.(text);
    });
  }
  const { promise, resolve } = Promise.withResolvers<{
    code: number | null;
    signal: NodeJS.Signals | null;
  }>();
  child.on('exit', (code, signal) => {
    // 'close' would wait for every process that inherited the pipes; the output of this one is there by the next turn.
    setImmediate(() => resolve({ code, signal }));
  });
  child.on('error', (error) => {
    tail += error.message;
    resolve({ code: null, signal: null });
  });
  return { text: () => tail, ended: promise };
}

/** Whether the process inside the namespaces asked for its go; false when it ended before. */
export async function awaitReady(
  child: ChildProcess,
  output: OutputTail,
  { signal }: AbortOptions,
): Promise<boolean> {
  const channel = child.stdio[3] as Duplex;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal?.reason);
  const ready = new Promise<boolean>((resolve) => {
    channel.once('data', (chunk: Buffer) => {
      // Stops the flow until somebody else listens; nothing follows before the go.
      channel.pause();
      resolve(chunk.toString() === 'ready\n');
    });
  });
  channel.on('error', () => {});
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const started = await Promise.race([ready, output.ended.then(() => undefined), aborted.promise]);
    if (started === false)
      throw new HostError('the worker said something unexpected', { code: 'WORKER_START_FAILED' });
    return started === true;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
