// SPDX-License-Identifier: MIT
import type { Descriptor, Digest } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';

/** What a caller may promise about bytes it has not sent yet. */
export interface IngestOptions extends AbortOptions {
  /** Expected digest of the stored bytes; checked before the blob becomes visible. */
  readonly expected?: Digest | undefined;
  /** Expected length in bytes; the ingest stops as soon as one byte more arrives. */
  readonly size?: number | undefined;
}

/** A blob that is complete. */
export interface BlobInfo {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** Which part of a blob to read. */
export interface OpenOptions extends AbortOptions {
  /** First byte to read; default 0. */
  readonly offset?: number | undefined;
}

/** Reads blobs. */
export interface ContentReader {
  /** Facts of a complete blob; `undefined` when it is absent. */
  info(digest: Digest): Promise<BlobInfo | undefined>;

  /**
   * Streams a blob in chunks.
   *
   * @throws ContentError `CONTENT_NOT_FOUND`, on the first `next()`.
   */
  open(digest: Digest, options?: OpenOptions): AsyncIterable<Uint8Array>;

  /**
   * Reads a small blob whole and verifies its digest.
   *
   * @param limit - bytes; a larger blob is refused.
   * @throws ContentError `CONTENT_NOT_FOUND`, `CONTENT_TOO_LARGE`, `CONTENT_DIGEST_MISMATCH` (damaged on disk)
   */
  read(digest: Digest, limit?: number, options?: AbortOptions): Promise<Uint8Array>;
}

/** Stores blobs. */
export interface ContentIngester {
  /**
   * Stores `source` and returns its descriptor (algorithm sha256 unless `expected` names another).
   *
   * @param mediaType - recorded in the descriptor, not interpreted.
   * @throws ContentError `CONTENT_DIGEST_MISMATCH` or `CONTENT_SIZE_MISMATCH` when `options` promised something
   *   else; nothing is kept in that case. `CONTENT_NO_SPACE` when the disk is full; nothing is kept either.
   */
  ingest(mediaType: string, source: AsyncIterable<Uint8Array>, options?: IngestOptions): Promise<Descriptor>;

  /**
   * Opens an ingest that survives the process: bytes written under `id` before are still there, so that a download
   * can go on where it stopped. One holder at a time; a second waits.
   */
  resume(id: string, options?: AbortOptions): Promise<Ingest>;
}

/** A blob in the making. */
export interface Ingest {
  /** Bytes written so far, by this process or an earlier one. */
  readonly offset: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Drops what was written. */
  truncate(): Promise<void>;
  /** Verifies and publishes the blob. @throws as {@link ContentIngester.ingest}; on a mismatch the bytes are dropped. */
  commit(mediaType: string, options?: IngestOptions): Promise<Descriptor>;
  /** Lets go of the ingest and keeps its bytes for a later {@link ContentIngester.resume}. */
  close(): Promise<void>;
}

/** Lists and removes blobs. */
export interface ContentManager {
  /** Every complete blob, in no particular order. */
  walk(options?: AbortOptions): AsyncIterable<BlobInfo>;
  /** Removes a blob; does nothing when it is absent. */
  remove(digest: Digest): Promise<void>;
}

/**
 * Immutable blobs addressed by digest.
 *
 * A blob is either absent or complete: readers never see a partly written one, and two ingests of the same bytes
 * may run at once and both succeed.
 */
export interface ContentStore extends ContentReader, ContentIngester, ContentManager {}

/** A content store whose blobs are files, for readers in threads and other processes. */
export interface BlobFiles {
  /** Absolute path of the complete blob; nothing is checked. */
  pathOf(digest: Digest): string;
}
