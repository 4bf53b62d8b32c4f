// SPDX-License-Identifier: MIT
import type { Duplex } from 'node:stream';
import { type ErrorData, errorFromData } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { HostError } from '../host-error.ts';
import { createConnection, valueOf } from './connection.ts';
import { FRAME, type Frame } from './frame.ts';
import {
  type CallName,
  type EventOf,
  type ParamsOf,
  type ResultOf,
  type RpcMethods,
  STREAM_WINDOW,
  type StreamName,
} from './method.ts';

/** How to call a method. */
export interface CallOptions<Event> extends AbortOptions {
  /** Must not throw and must not block. */
  readonly onEvent?: ((event: Event) => void) | undefined;
}

/** Calls the methods of a server. */
export interface RpcClient<Methods> {
  /**
   * Calls a method. After an abort it settles when the method has ended, so that nothing of it is left then; it rejects
   * with `signal.reason` unless the method succeeded nevertheless.
   *
   * @throws what the method threw (code, hint, cause and details kept); HostError `RPC_CLOSED`, `RPC_FRAME_TOO_LARGE`
   */
  call<Name extends CallName<Methods>>(
    method: Name,
    params: ParamsOf<Methods[Name]>,
    options?: CallOptions<EventOf<Methods[Name]>>,
  ): Promise<ResultOf<Methods[Name]>>;
  /** Calls a method that answers with bytes, when the first chunk is asked for; leaving the loop early cancels it. */
  stream<Name extends StreamName<Methods>>(
    method: Name,
    params: ParamsOf<Methods[Name]>,
    options?: AbortOptions,
  ): AsyncIterable<Uint8Array>;
  /** Ends the conversation; calls in flight reject with `RPC_CLOSED`. */
  close(): void;
}

interface PendingCall {
  onEvent(event: unknown): void;
  onChunk(chunk: Uint8Array): void;
  settle(outcome: Outcome): void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** How a client behaves. */
export interface RpcClientOptions {
  /** Asked once when the channel closes: says why, for the calls in flight and all later ones. */
  readonly explain?: (() => Promise<HostError | undefined>) | undefined;
}

/** Talks to {@link createRpcServer} at the other end of a duplex stream, which then belongs to the client. */
export function createRpcClient<Methods extends RpcMethods<Methods>>(
  channel: Duplex,
  { explain }: RpcClientOptions = {},
): RpcClient<Methods> {
  const pending = new Map<number, PendingCall>();
  let nextCall = 1;
  let closure: unknown;
  let closing = false;

  const connection = createConnection(channel, {
    onFrame(frame) {
      const call = pending.get(frame.call);
      if (call === undefined) return;
      deliver(frame, call, () => pending.delete(frame.call));
    },
    onClose: (reason) => void closeAll(reason),
  });

  async function closeAll(reason: unknown): Promise<void> {
    closure ??= closedError(reason);
    const explained = pending.size === 0 || closing ? undefined : await explain?.();
    closure = explained ?? closure;
    for (const call of pending.values()) call.settle({ error: closure });
    pending.clear();
  }

  /** Returns the number of the call, for cancelling it. */
  function start(method: string, params: unknown, call: PendingCall): number {
    if (closure !== undefined) throw closure as Error;
    const id = nextCall++;
    connection.sendValue(FRAME.call, id, { method, params });
    pending.set(id, call);
    return id;
  }

  return {
    call: async (method, params, options = {}) => {
      options.signal?.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const onEvent = options.onEvent as ((event: unknown) => void) | undefined;
      const id = start(method, params, {
        onEvent: (event) => onEvent?.(event),
        onChunk: () => {},
        settle: resolve,
      });
      const outcome = await withAbort(
        options.signal,
        () => connection.sendBytes(FRAME.cancel, id, EMPTY),
        promise,
      );
      if ('value' in outcome) return outcome.value as never;
      throw options.signal?.aborted === true ? options.signal.reason : outcome.error;
    },
    stream: (method, params, options = {}) =>
      readStream({ start: (call) => start(method, params, call), ...connection }, options.signal),
    close: () => {
      closing = true;
      closure ??= closedError(undefined);
      connection.end();
    },
  };
}

const EMPTY = new Uint8Array();

function deliver(frame: Frame, call: PendingCall, forget: () => void): void {
  if (frame.type === FRAME.event) return call.onEvent(valueOf(frame));
  if (frame.type === FRAME.chunk) return call.onChunk(frame.payload);
  forget();
  if (frame.type === FRAME.result) call.settle({ value: valueOf(frame) });
  else call.settle({ error: errorFromData(valueOf(frame) as ErrorData) });
}

async function withAbort<Value>(
  signal: AbortSignal | undefined,
  onAbort: () => void,
  promise: Promise<Value>,
): Promise<Value> {
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

interface StreamSource {
  start(call: PendingCall): number;
  sendBytes(type: typeof FRAME.cancel | typeof FRAME.credit, call: number, payload: Uint8Array): void;
}

async function* readStream(
  source: StreamSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const chunks: Uint8Array[] = [];
  let outcome: Outcome | undefined;
  let wake = Promise.withResolvers<void>();
  const id = source.start({
    onEvent: () => {},
    onChunk: (chunk) => {
      chunks.push(chunk);
      wake.resolve();
    },
    settle: (ended) => {
      outcome = ended;
      wake.resolve();
    },
  });
  const cancel = (): void => source.sendBytes(FRAME.cancel, id, EMPTY);
  const ended = (): Outcome | undefined => outcome;
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    let read = 0;
    while (true) {
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
        yield chunk;
        read += chunk.length;
        if (read < STREAM_WINDOW / 4) continue;
        source.sendBytes(FRAME.credit, id, uint32(read));
        read = 0;
      }
      if (outcome !== undefined) break;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
    const last = ended();
    if (last !== undefined && 'error' in last) throw signal?.aborted === true ? signal.reason : last.error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    if (outcome === undefined) cancel();
    // The method must have ended when the reader goes on: its files and locks are free then.
    for (; outcome === undefined; wake = Promise.withResolvers<void>()) await wake.promise;
  }
}

function uint32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function closedError(cause: unknown): HostError {
  return new HostError('the worker is gone', {
    code: 'RPC_CLOSED',
    ...(cause === undefined ? {} : { cause }),
  });
}
