// SPDX-License-Identifier: MIT
import { once } from 'node:events';

/** Writes a chunk and waits until the stream takes more. */
export async function writeTo(stream: NodeJS.WritableStream, chunk: Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await once(stream, 'drain');
}
