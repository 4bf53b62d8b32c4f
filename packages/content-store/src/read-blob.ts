// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, OpenOptions } from '@img-build/interfaces';
import { type Digest, digestAlgorithm } from '@img-build/oci';
import { ContentError } from './content-error.ts';
import type { StoreLayout } from './store-layout.ts';

const CHUNK_SIZE = 256 * 1024;

/** Bytes `read` takes when no limit is given: manifests and configs are far smaller. */
export const DEFAULT_READ_LIMIT: number = 64 * 1024 * 1024;

/** Streams a blob. @throws ContentError `CONTENT_NOT_FOUND` */
export async function* streamBlob(
  layout: StoreLayout,
  digest: Digest,
  options: OpenOptions = {},
): AsyncGenerator<Uint8Array> {
  const handle = await openBlob(layout, digest);
  try {
    for (let position = options.offset ?? 0; ; ) {
      options.signal?.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafeSlow(CHUNK_SIZE),
        0,
        CHUNK_SIZE,
        position,
      );
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Reads a blob whole. @throws ContentError `CONTENT_NOT_FOUND`, `CONTENT_TOO_LARGE`, `CONTENT_DIGEST_MISMATCH` */
export async function readBlob(
  layout: StoreLayout,
  digest: Digest,
  limit: number = DEFAULT_READ_LIMIT,
  options: AbortOptions = {},
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  const handle = await openBlob(layout, digest);
  try {
    const { size } = await handle.stat();
    if (size > limit) {
      throw new ContentError(`${digest} has ${size} bytes, more than the ${limit} allowed here`, {
        code: 'CONTENT_TOO_LARGE',
      });
    }
    const bytes = await handle.readFile();
    const actual = createHash(digestAlgorithm(digest)).update(bytes).digest('hex');
    if (digest !== `${digestAlgorithm(digest)}:${actual}`) {
      throw new ContentError(`${digest} is damaged in ${layout.root}`, { code: 'CONTENT_DIGEST_MISMATCH' });
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

async function openBlob(layout: StoreLayout, digest: Digest): Promise<FileHandle> {
  try {
    return await open(layout.blob(digest), 'r');
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new ContentError(`${digest} is not in ${layout.root}`, { code: 'CONTENT_NOT_FOUND', cause: error });
  }
}
