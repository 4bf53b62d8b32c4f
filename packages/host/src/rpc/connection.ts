// SPDX-License-Identifier: MIT
import type { Duplex } from 'node:stream';
import { createFrameReader, type Frame, type FrameType, frameHeader } from './frame.ts';

/** One side of a conversation in frames. */
export interface Connection {
  /** Sends bytes; they must not change afterwards. Frames sent after the end are dropped. */
  sendBytes(type: FrameType, call: number, payload: Uint8Array): void;
  /** Sends anything the structured clone algorithm can copy: bytes, bigints, maps and `undefined` included. */
  sendValue(type: FrameType, call: number, value: unknown): void;
  /** Says that nothing more will be sent. */
  end(): void;
}

/** Who listens to a connection. */
export interface ConnectionListener {
  onFrame(frame: Frame): void;
  /** Called once; `reason` is missing when the other side ended in order. */
  onClose(reason: unknown): void;
}

/** Reads and writes frames on a duplex stream, which then belongs to the connection. */
export function createConnection(channel: Duplex, listener: ConnectionListener): Connection {
  let failure: unknown;
  let closed = false;
  const reader = createFrameReader((frame) => listener.onFrame(frame));

  function close(): void {
    if (closed) return;
    closed = true;
    listener.onClose(failure);
  }
  function fail(error: unknown): void {
    failure ??= error;
    channel.destroy();
  }

  channel.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch (error) {
      fail(error);
    }
  });
  channel.on('error', (error) => {
    failure ??= error;
  });
  channel.on('end', close);
  channel.on('close', close);
  // A channel that was read from before may have been paused.
  channel.resume();

  function sendBytes(type: FrameType, call: number, payload: Uint8Array): void {
    if (closed || !channel.writable) return;
    const header = frameHeader({ type, call, payload });
    channel.cork();
    channel.write(header);
    if (payload.length > 0) channel.write(payload);
    channel.uncork();
  }

  return {
    sendBytes,
    sendValue: (type, call, value) => sendBytes(type, call, structuredCopies().serialize(value)),
    end: () => void channel.end(),
  };
}

/** The value of a frame sent with {@link Connection.sendValue}. */
export function valueOf(frame: Frame): unknown {
  return structuredCopies().deserialize(frame.payload);
}

/** Not imported above: the file is loaded by builds that need no worker, too. */
function structuredCopies(): Pick<typeof import('node:v8'), 'deserialize' | 'serialize'> {
  return process.getBuiltinModule('node:v8');
}
