// SPDX-License-Identifier: MIT
import { HostError } from '../host-error.ts';

/** What a frame says. `call`, `cancel` and `credit` go to the server, the others to the client. */
export const FRAME = { call: 1, cancel: 2, credit: 3, result: 4, error: 5, event: 6, chunk: 7 } as const;

/** One of {@link FRAME}. */
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** One message: a payload that belongs to a call. */
export interface Frame {
  readonly type: FrameType;
  readonly call: number;
  readonly payload: Uint8Array;
}

/** Bytes of length, type and call before each payload. */
const HEADER = 9;

/** The largest payload, in bytes; both sides refuse more. */
export const MAX_PAYLOAD: number = 64 * 1024 * 1024;

/** @throws HostError `RPC_FRAME_TOO_LARGE` */
export function frameHeader({ type, call, payload }: Frame): Buffer {
  if (payload.length > MAX_PAYLOAD) throw tooLarge(payload.length);
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(type, 4);
  header.writeUInt32LE(call, 5);
  return header;
}

/**
 * Cuts a byte stream into frames, whatever its chunks are. A chunk that holds whole frames is not copied.
 *
 * @throws HostError `RPC_FRAME_TOO_LARGE`, `RPC_PROTOCOL` from `push`
 */
export function createFrameReader(onFrame: (frame: Frame) => void): { push(chunk: Uint8Array): void } {
  let parts: Uint8Array[] = [];
  let held = 0;
  let needed = HEADER;

  function readFrames(buffer: Buffer): Buffer {
    let at = 0;
    needed = HEADER;
    while (buffer.length - at >= HEADER) {
      const length = buffer.readUInt32LE(at);
      if (length > MAX_PAYLOAD) throw tooLarge(length);
      if (buffer.length - at < HEADER + length) {
        needed = HEADER + length;
        break;
      }
      const payload = buffer.subarray(at + HEADER, at + HEADER + length);
      onFrame({ type: frameType(buffer.readUInt8(at + 4)), call: buffer.readUInt32LE(at + 5), payload });
      at += HEADER + length;
    }
    return buffer.subarray(at);
  }

  return {
    push(chunk) {
      parts.push(chunk);
      held += chunk.length;
      if (held < needed) return;
      const buffer =
        parts.length === 1
          ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
          : Buffer.concat(parts, held);
      const rest = readFrames(buffer);
      parts = rest.length === 0 ? [] : [rest];
      held = rest.length;
    },
  };
}

function frameType(byte: number): FrameType {
  for (const type of Object.values(FRAME)) if (type === byte) return type;
  throw new HostError(`unknown message type ${byte}`, { code: 'RPC_PROTOCOL' });
}

function tooLarge(length: number): HostError {
  return new HostError(`a message of ${length} bytes exceeds the limit of ${MAX_PAYLOAD}`, {
    code: 'RPC_FRAME_TOO_LARGE',
  });
}
