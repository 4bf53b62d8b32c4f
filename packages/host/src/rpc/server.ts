// SPDX-License-Identifier: MIT
import type { Duplex } from 'node:stream';
import { errorToData } from '@img-build/errors';
import { HostError } from '../host-error.ts';
import { type Connection, createConnection, valueOf } from './connection.ts';
import { FRAME, type Frame } from './frame.ts';
import { type RpcMethods, STREAM_CHUNK, STREAM_WINDOW } from './method.ts';

/** Answers calls until the other side is gone. */
export interface RpcServer {
  /** Resolves when the channel has closed and every method has ended; their signals were aborted by then. */
  readonly closed: Promise<void>;
}

type Handler = (
  params: unknown,
  context: { signal: AbortSignal; notify(event: unknown): void },
) => Promise<unknown> | AsyncIterable<Uint8Array>;

interface RunningCall {
  readonly abort: AbortController;
  /** Bytes that may still be sent. */
  window: number;
  onCredit(): void;
}

/** Serves `methods` to {@link createRpcClient} at the other end of a duplex stream, which then belongs to the server. */
export function createRpcServer<Methods extends RpcMethods<Methods>>(
  channel: Duplex,
  methods: Methods,
): RpcServer {
  const running = new Map<number, RunningCall>();
  const ending = new Set<Promise<void>>();
  const closed = Promise.withResolvers<void>();

  const connection = createConnection(channel, {
    onFrame(frame) {
      if (frame.type === FRAME.call) {
        const done = serve(frame).finally(() => ending.delete(done));
        ending.add(done);
      } else if (frame.type === FRAME.cancel) {
        running.get(frame.call)?.abort.abort(new DOMException('the caller gave up', 'AbortError'));
      } else if (frame.type === FRAME.credit) {
        const call = running.get(frame.call);
        if (call === undefined) return;
        call.window += Buffer.from(frame.payload).readUInt32LE();
        call.onCredit();
      }
    },
    onClose() {
      for (const call of running.values())
        call.abort.abort(new HostError('the caller is gone', { code: 'RPC_CLOSED' }));
      connection.end();
      void Promise.all(ending).then(() => closed.resolve());
    },
  });

  async function serve(frame: Frame): Promise<void> {
    const id = frame.call;
    const call: RunningCall = { abort: new AbortController(), window: STREAM_WINDOW, onCredit: () => {} };
    running.set(id, call);
    try {
      const { method, params } = valueOf(frame) as { method: string; params: unknown };
      const answer = handlerOf(methods, method)(params, {
        signal: call.abort.signal,
        notify: (event) => connection.sendValue(FRAME.event, id, event),
      });
      const result =
        Symbol.asyncIterator in answer ? await sendStream(connection, id, call, answer) : await answer;
      connection.sendValue(FRAME.result, id, result);
    } catch (error) {
      connection.sendValue(FRAME.error, id, errorToData(error));
    } finally {
      running.delete(id);
    }
  }

  return { closed: closed.promise };
}

function handlerOf(methods: object, name: string): Handler {
  const handler: unknown = Object.hasOwn(methods, name)
    ? (methods as Record<string, unknown>)[name]
    : undefined;
  if (typeof handler !== 'function') throw new HostError(`no method ${name}`, { code: 'RPC_METHOD_UNKNOWN' });
  return handler.bind(methods) as Handler;
}

async function sendStream(
  connection: Connection,
  id: number,
  call: RunningCall,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += STREAM_CHUNK) {
      const part = chunk.subarray(at, at + STREAM_CHUNK);
      await untilWindowOpen(call);
      call.window -= part.length;
      connection.sendBytes(FRAME.chunk, id, part);
    }
  }
}

async function untilWindowOpen(call: RunningCall): Promise<void> {
  const { signal } = call.abort;
  while (call.window <= 0) {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    call.onCredit = resolve;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }
  signal.throwIfAborted();
}
