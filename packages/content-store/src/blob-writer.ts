// SPDX-License-Identifier: MIT
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IngestOptions } from '@img-build/interfaces';
import { type Descriptor, type Digest, digestAlgorithm } from '@img-build/oci';
import { asContentError, ContentError } from './content-error.ts';
import type { StoreLayout } from './store-layout.ts';

const BUFFER_SIZE = 256 * 1024;

/** Collects the bytes of one blob in a claimed file and publishes it. Every failure of `write` or `commit` drops the file. */
export class BlobWriter {
  readonly #layout: StoreLayout;
  readonly #path: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #algorithm = 'sha256';
  #flushed = 0;
  #buffer = Buffer.allocUnsafe(0);
  #buffered = 0;
  #open = true;

  constructor(layout: StoreLayout, path: string, handle: FileHandle) {
    this.#layout = layout;
    this.#path = path;
    this.#handle = handle;
  }

  get offset(): number {
    return this.#flushed + this.#buffered;
  }

  /** Takes over the bytes an earlier writer left behind. */
  async adopt(): Promise<void> {
    this.#flushed = (await this.#handle.stat()).size;
    await this.#hashFile();
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    if (chunk.byteLength === 0) return;
    if (this.#buffered + chunk.byteLength > BUFFER_SIZE) await this.#flush();
    if (chunk.byteLength >= BUFFER_SIZE) {
      await this.#writeThrough(chunk);
      return;
    }
    // A copy, because the sender may use the chunk's memory again; small chunks are cheaper together anyway.
    if (this.#buffer.byteLength === 0) this.#buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    this.#buffer.set(chunk, this.#buffered);
    this.#buffered += chunk.byteLength;
  }

  async truncate(): Promise<void> {
    this.#assertOpen();
    this.#buffered = 0;
    this.#flushed = 0;
    this.#hash = createHash(this.#algorithm);
    await this.#handle.truncate(0);
  }

  async commit(mediaType: string, options: IngestOptions = {}): Promise<Descriptor> {
    this.#assertOpen();
    try {
      await this.#flush();
      const digest = await this.#verify(options);
      await this.#publish(digest);
      return { mediaType, digest, size: this.#flushed };
    } catch (error) {
      await this.drop();
      throw asContentError(error, this.#layout.root);
    }
  }

  /** Keeps what was written for a later writer; where that is nothing, the file goes. */
  async close(): Promise<void> {
    if (!this.#open) return;
    if (this.offset === 0) return await this.drop();
    try {
      await this.#flush();
    } finally {
      await this.#release();
    }
  }

  /** Removes what was written. */
  async drop(): Promise<void> {
    if (!this.#open) return;
    try {
      await rm(this.#path, { force: true });
    } finally {
      await this.#release();
    }
  }

  async #verify({ expected, size }: IngestOptions): Promise<Digest> {
    if (size !== undefined && size !== this.#flushed) {
      throw new ContentError(`expected ${size} bytes, got ${this.#flushed}`, {
        code: 'CONTENT_SIZE_MISMATCH',
      });
    }
    const algorithm = expected === undefined ? 'sha256' : digestAlgorithm(expected);
    if (algorithm !== this.#algorithm) {
      this.#algorithm = algorithm;
      await this.#hashFile();
    }
    const digest: Digest = `${algorithm}:${this.#hash.digest('hex')}`;
    if (expected !== undefined && digest !== expected) {
      throw new ContentError(`expected content ${expected}, got ${digest}`, {
        code: 'CONTENT_DIGEST_MISMATCH',
      });
    }
    return digest;
  }

  async #publish(digest: Digest): Promise<void> {
    const target = this.#layout.blob(digest);
    await this.#handle.sync();
    // Renaming also over an existing blob: the bytes are the same, and one that was damaged on disk is whole again.
    await mkdir(dirname(target), { recursive: true });
    await rename(this.#path, target);
    // Not before: who waits for this ingest opens it for writing by its old name.
    await this.#handle.chmod(0o444);
    await this.#release();
  }

  async #flush(): Promise<void> {
    if (this.#buffered === 0) return;
    const pending = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    await this.#writeThrough(pending);
  }

  async #writeThrough(bytes: Uint8Array): Promise<void> {
    try {
      const writing = this.#writeFully(bytes);
      this.#hash.update(bytes);
      await writing;
    } catch (error) {
      await this.drop();
      throw asContentError(error, this.#layout.root);
    }
  }

  async #writeFully(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.byteLength - done, this.#flushed);
      done += bytesWritten;
      this.#flushed += bytesWritten;
    }
  }

  async #hashFile(): Promise<void> {
    this.#hash = createHash(this.#algorithm);
    const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    for (let position = 0; position < this.#flushed; ) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.byteLength, position);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  }

  #assertOpen(): void {
    if (!this.#open) throw new ContentError('the ingest is closed', { code: 'CONTENT_CLOSED' });
  }

  async #release(): Promise<void> {
    this.#open = false;
    this.#buffer = Buffer.allocUnsafe(0);
    await this.#handle.close();
  }
}
