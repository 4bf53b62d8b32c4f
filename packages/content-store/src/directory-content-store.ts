// SPDX-License-Identifier: MIT
import { rm, stat } from 'node:fs/promises';
import { isSystemError } from '@img-build/errors';
import type {
  BlobFiles,
  BlobInfo,
  Clock,
  ContentStore,
  FileCalls,
  IngestOptions,
} from '@img-build/interfaces';
import { type Descriptor, type Digest, isDigest } from '@img-build/oci';
import { abortable } from './abortable.ts';
import { BlobWriter } from './blob-writer.ts';
import { claimFile } from './claimed-file.ts';
import { ContentError } from './content-error.ts';
import { namesIn } from './names-in.ts';
import { readBlob, streamBlob } from './read-blob.ts';
import { type StoreLayout, storeLayout } from './store-layout.ts';
import { type SweepOptions, type SweepResult, sweepIngests } from './sweep.ts';

/** What a store on disk needs. */
export interface DirectoryContentStoreOptions {
  /** Absolute path of the folder; made when the first blob comes. Several processes may use it at once. */
  readonly root: string;
  /** flock(2): how a process shows the others that it still writes a file. */
  readonly host: Pick<FileCalls, 'lock'>;
  readonly now?: Clock | undefined;
}

/** A content store on disk. */
export interface DirectoryContentStore extends ContentStore, BlobFiles {
  /** Removes what processes that died were writing. */
  sweep(options?: SweepOptions): Promise<SweepResult>;
}

/**
 * Opens the content store in `root`: blobs are read-only files `blobs/<algorithm>/<hex>`, those in the making lie in
 * `ingest/`. A blob is synced to disk before it gets its name.
 */
export function createDirectoryContentStore({
  root,
  host,
  now = Date.now,
}: DirectoryContentStoreOptions): DirectoryContentStore {
  const layout = storeLayout(root);
  const claim = async (path: string, signal?: AbortSignal): Promise<BlobWriter> =>
    new BlobWriter(layout, path, await claimFile(path, host.lock, signal));
  return {
    pathOf: (digest) => layout.blob(digest),
    info: (digest) => blobInfo(layout, digest),
    open: (digest, options) => streamBlob(layout, digest, options),
    read: (digest, limit, options) => readBlob(layout, digest, limit, options),
    async ingest(mediaType, source, options = {}) {
      options.signal?.throwIfAborted();
      return ingestInto(await claim(layout.temporary()), mediaType, source, options);
    },
    async resume(id, options = {}) {
      const writer = await claim(layout.resumable(id), options.signal);
      try {
        await writer.adopt();
        return writer;
      } catch (error) {
        await writer.close();
        throw error;
      }
    },
    walk: (options = {}) => walkBlobs(layout, options.signal),
    remove: async (digest) => rm(layout.blob(digest), { force: true }),
    sweep: (options) => sweepIngests(layout, host.lock, now, options),
  };
}

async function ingestInto(
  writer: BlobWriter,
  mediaType: string,
  source: AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<Descriptor> {
  try {
    for await (const chunk of abortable(source, options.signal)) {
      if (options.size !== undefined && writer.offset + chunk.byteLength > options.size) {
        throw new ContentError(`expected ${options.size} bytes, got more`, { code: 'CONTENT_SIZE_MISMATCH' });
      }
      await writer.write(chunk);
    }
    return await writer.commit(mediaType, options);
  } catch (error) {
    await writer.drop();
    throw error;
  }
}

async function blobInfo(layout: StoreLayout, digest: Digest): Promise<BlobInfo | undefined> {
  try {
    const { size, mtimeMs } = await stat(layout.blob(digest));
    return { digest, size, createdAt: Math.floor(mtimeMs) };
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function* walkBlobs(layout: StoreLayout, signal: AbortSignal | undefined): AsyncGenerator<BlobInfo> {
  for (const algorithm of await namesIn(layout.blobs)) {
    for (const hex of await namesIn(`${layout.blobs}/${algorithm}`)) {
      signal?.throwIfAborted();
      const digest = `${algorithm}:${hex}`;
      const info = isDigest(digest) ? await blobInfo(layout, digest as Digest) : undefined;
      if (info !== undefined) yield info;
    }
  }
}
