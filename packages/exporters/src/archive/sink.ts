// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { ExporterError } from '../exporter-error.ts';

/** Where an archive goes: a file, which appears when it is complete, or whatever takes its bytes. */
export type ArchiveSink =
  | { readonly path: string }
  | { readonly write: (chunk: Uint8Array) => Promise<void> };

/**
 * Writes an archive to its sink. A file is written beside its place and renamed; nothing is left of one that fails.
 * Links are followed, and devices, pipes and sockets written to, as a shell's redirection does.
 *
 * @throws ExporterError `EXPORT_DESTINATION_INVALID`; errors of the file system
 */
export async function writeToSink(
  sink: ArchiveSink,
  chunks: AsyncIterable<Uint8Array>,
  { signal }: AbortOptions = {},
): Promise<void> {
  if ('write' in sink) {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      await sink.write(chunk);
    }
    return;
  }
  const place = await findPlace(sink.path);
  if (place.kind === 'file') await writeFileWhole(place.path, chunks, { signal });
  else await writeThrough(place.path, chunks, { signal });
}

/** Writes a file so that it is there whole or not at all. */
export async function writeFileWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { signal }: AbortOptions = {},
  mode = 0o666,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    await writeAndClose(file, chunks, { signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What is no regular file must never be replaced by one: /dev/null is every program's. */
async function writeThrough(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  options: AbortOptions,
): Promise<void> {
  await writeAndClose(await open(path, 'w'), chunks, options);
}

async function writeAndClose(
  file: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  { signal }: AbortOptions,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

async function findPlace(
  path: string,
): Promise<{ readonly path: string; readonly kind: 'file' | 'special' }> {
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found === undefined) return { path, kind: 'file' };
  if (found.isDirectory()) {
    throw new ExporterError(`${path} is a folder, not a file to write an archive to`, {
      code: 'EXPORT_DESTINATION_INVALID',
      hint: 'give dest= the name of a file',
    });
  }
  return found.isFile() ? { path: await realpath(path), kind: 'file' } : { path, kind: 'special' };
}
