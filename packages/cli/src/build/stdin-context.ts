// SPDX-License-Identifier: MIT
import { createHostCalls } from '@img-build/host';
import type { AbortOptions } from '@img-build/interfaces';
import { detectPacking, extractArchive } from '@img-build/layers';
import { UsageError } from '../usage-error.ts';

/** How stdin is read. */
export interface StdinContextOptions extends AbortOptions {
  /** Bytes of a Dockerfile. */
  readonly maxText: number;
}

/** Enough of a file to tell a tar header from text. */
const HEAD = 1024;

/** Unpacks a tar archive into `folder`; when the bytes are none they are a Dockerfile, and its text is returned. */
export async function extractContext(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  { signal, maxText }: StdinContextOptions,
): Promise<Uint8Array | undefined> {
  const iterator = bytes[Symbol.asyncIterator]();
  const head = await readHead(iterator);
  if (isArchive(head)) {
    await extractArchive(concatenated(head, iterator), {
      host: createHostCalls(),
      root: folder,
      owner: 'caller',
      signal,
    });
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of concatenated(head, iterator)) {
    size += chunk.length;
    if (size > maxText) throw new UsageError(`the Dockerfile on stdin has more than ${maxText} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(chunks);
}

/** A packed stream can only be an archive; a plain one says so in its first header. @see POSIX ustar, offset 257 */
function isArchive(head: Uint8Array): boolean {
  return (
    detectPacking(Buffer.from(head)) !== 'none' ||
    Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar'
  );
}

async function* concatenated(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
