// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';

/** The files of an image layout, in a folder or in an archive. */
export interface LayoutFiles {
  /** Bytes of a file; `undefined` when it is absent. */
  size(path: string): Promise<number | undefined>;
  open(path: string, offset: number, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes read at once. */
export const READ_SIZE: number = 256 * 1024;

/** The files below a folder. */
export function folderFiles(folder: string): LayoutFiles {
  return {
    async size(path) {
      try {
        const found = await stat(join(folder, path));
        return found.isFile() ? found.size : undefined;
      } catch (error) {
        if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      }
    },
    open: (path, offset, signal) =>
      createReadStream(join(folder, path), {
        start: offset,
        highWaterMark: READ_SIZE,
        ...(signal === undefined ? {} : { signal }),
      }),
    close: async () => {},
  };
}

/** The members of an archive: where each begins and how long it is. */
export function archiveFiles(
  file: Awaited<ReturnType<typeof open>>,
  members: ReadonlyMap<string, { readonly at: number; readonly size: number }>,
  close: () => Promise<void>,
): LayoutFiles {
  return {
    size: async (path) => members.get(path)?.size,
    async *open(path, offset, signal) {
      const member = members.get(path);
      if (member === undefined) return;
      for (let at = offset; at < member.size; ) {
        signal?.throwIfAborted();
        const chunk = Buffer.allocUnsafe(Math.min(READ_SIZE, member.size - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, member.at + at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    },
    close,
  };
}
