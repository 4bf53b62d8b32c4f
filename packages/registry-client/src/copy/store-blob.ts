// SPDX-License-Identifier: MIT
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, BlobSource, ProgressOptions } from '@img-build/interfaces';
import { digestAlgorithm } from '@img-build/oci';
import { RegistryError } from '../registry-error.ts';
import { READ_SIZE } from './layout-files.ts';

/**
 * Writes a blob into a file that is there whole and verified, or not at all. What an earlier process left in the partial
 * file is kept and only the rest is read; should that turn out to be damaged, everything is read once more.
 *
 * @returns whether bytes had to be moved.
 * @throws RegistryError `REGISTRY_DIGEST_MISMATCH`, `REGISTRY_SIZE_MISMATCH`; what the source throws; errors of the file system
 */
export async function storeBlob(
  source: BlobSource,
  path: string,
  partial: string,
  options: AbortOptions & ProgressOptions = {},
): Promise<boolean> {
  if ((await sizeOf(path)) === source.descriptor.size) return false;
  await mkdir(dirname(path), { recursive: true });
  await mkdir(dirname(partial), { recursive: true });
  for (;;) {
    const kept = await receive(source, partial, options);
    if (kept === 'whole') break;
    await rm(partial, { force: true });
    if (kept === 'damaged-anew')
      throw new RegistryError(`blob ${source.descriptor.digest} arrived as something else`, {
        code: 'REGISTRY_DIGEST_MISMATCH',
      });
  }
  await rename(partial, path);
  return true;
}

type Received = 'whole' | 'damaged-before' | 'damaged-anew';

async function receive(
  source: BlobSource,
  partial: string,
  { signal, onProgress }: AbortOptions & ProgressOptions,
): Promise<Received> {
  const { digest, size } = source.descriptor;
  const file = await open(partial, 'a+', 0o644);
  try {
    const hash = createHash(digestAlgorithm(digest));
    const kept = await hashKept(file, hash);
    if (kept > size) return 'damaged-before';
    let at = kept;
    onProgress?.(at);
    if (at < size) {
      for await (const chunk of source.open(at)) {
        signal?.throwIfAborted();
        if (at + chunk.byteLength > size) throw tooLong(source);
        const writing = writeFully(file, chunk);
        hash.update(chunk);
        await writing;
        at += chunk.byteLength;
        onProgress?.(at);
      }
    }
    const good = at === size && digest.endsWith(`:${hash.digest('hex')}`);
    if (!good) return kept > 0 ? 'damaged-before' : 'damaged-anew';
    await file.sync();
    await file.chmod(0o444);
    return 'whole';
  } catch (error) {
    // Wrong bytes are worth nothing to a later try.
    if ((error as { code?: unknown } | null)?.code === 'REGISTRY_DIGEST_MISMATCH')
      await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function hashKept(file: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function writeFully(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function tooLong({ descriptor }: BlobSource): RegistryError {
  return new RegistryError(
    `blob ${descriptor.digest} is longer than the ${descriptor.size} bytes announced`,
    {
      code: 'REGISTRY_SIZE_MISMATCH',
    },
  );
}
