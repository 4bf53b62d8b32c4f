// SPDX-License-Identifier: MIT
import { addAbortSignal, Readable } from 'node:stream';
import { UsageError } from './usage-error.ts';

/** Reads stdin to its end. @throws UsageError when there is more than `limit` bytes */
export async function readStandardInput(
  stdin: NodeJS.ReadStream,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of standardInput(stdin, signal)) {
    size += chunk.length;
    if (size > limit) throw new UsageError(`stdin has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The bytes of stdin as they come. */
export function standardInput(stdin: NodeJS.ReadStream, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return addAbortSignal(signal, stdin as Readable) as AsyncIterable<Uint8Array>;
}
