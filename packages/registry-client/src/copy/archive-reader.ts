// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { type Descriptor, formatReference, parseReference, type Reference } from '@img-build/oci';
import { RegistryError } from '../registry-error.ts';
import { archiveMembers } from './archive-members.ts';
import { dockerItemReader } from './docker-item-reader.ts';
import type { ImageReader } from './image-places.ts';
import { archiveFiles } from './layout-files.ts';
import { layoutReader } from './layout-reader.ts';

/**
 * Opens an image in an archive of `docker save`, `podman save` or `img save`, also a compressed one. Archives that are image
 * layouts as well keep their digests.
 *
 * @throws RegistryError `REGISTRY_ARCHIVE_INVALID`, `REGISTRY_NOT_FOUND`
 */
export async function archiveReader(
  path: string,
  reference: Reference | undefined,
  options: AbortOptions = {},
): Promise<ImageReader> {
  const place = `docker-archive:${path}`;
  const { file, close } = await openArchive(path, options);
  try {
    const files = archiveFiles(file, await archiveMembers(file, place), close);
    if ((await files.size('index.json')) !== undefined && (await files.size('oci-layout')) !== undefined)
      return await layoutReader({
        place,
        files,
        reference: reference ?? parseReference('archive'),
        isWanted: reference === undefined ? undefined : (entry) => isNamed(entry, reference),
        digest: reference?.digest,
      });
    return await dockerItemReader({ place, files, reference }, options);
  } catch (error) {
    await close();
    throw error;
  }
}

function isNamed({ annotations = {}, digest }: Descriptor, reference: Reference): boolean {
  const wanted = formatReference(reference);
  const name = annotations['io.containerd.image.name'];
  const ref = annotations['org.opencontainers.image.ref.name'];
  if (reference.digest !== undefined) return digest === reference.digest;
  return name === undefined ? ref === wanted || ref === reference.tag : name === wanted;
}

interface OpenArchive {
  readonly file: FileHandle;
  close(): Promise<void>;
}

/** Opens the archive, or what it decompresses to in a file of our own: its members are read in any order. */
async function openArchive(path: string, { signal }: AbortOptions): Promise<OpenArchive> {
  const file = await openFile(path);
  let folder: string | undefined;
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, 0);
    const decoder =
      magic.readUInt16BE(0) === 0x1f8b
        ? createGunzip()
        : magic.readUInt32LE(0) === 0xfd2fb528
          ? createZstdDecompress()
          : undefined;
    if (decoder === undefined) return { file, close: once(async () => await file.close()) };
    folder = await mkdtemp(join(tmpdir(), 'img-archive-'));
    const target = join(folder, 'archive.tar');
    await pipeline(
      createReadStream(path),
      decoder,
      createWriteStream(target, { mode: 0o600 }),
      signal === undefined ? {} : { signal },
    );
    await file.close();
    const plain = await open(target, 'r');
    // Nobody else needs the name; the space goes when the file is closed.
    await rm(folder, { recursive: true, force: true });
    return { file: plain, close: once(async () => await plain.close()) };
  } catch (error) {
    await file.close().catch(() => {});
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    signal?.throwIfAborted();
    throw isBroken(error) ? damaged(path, error) : error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new RegistryError(`cannot read the archive ${path}: ${messageOf(cause)}`, {
      code: 'REGISTRY_NOT_FOUND',
      cause,
    });
  }
}

/** What zlib says of data that is no gzip or zstd, or ends too early. */
function isBroken(error: unknown): boolean {
  return /^(?:Z_|ZSTD_)/.test(String((error as { code?: unknown } | null)?.code));
}

function damaged(path: string, cause: unknown): RegistryError {
  return new RegistryError(`the archive ${path} is damaged: ${messageOf(cause)}`, {
    code: 'REGISTRY_ARCHIVE_INVALID',
    cause,
  });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
