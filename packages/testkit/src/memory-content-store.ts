// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { ToolError } from '@img-build/errors';
import type { BlobInfo, Clock, ContentStore, Ingest, IngestOptions } from '@img-build/interfaces';
import { type Descriptor, type Digest, digestAlgorithm } from '@img-build/oci';

const READ_LIMIT = 64 * 1024 * 1024;

interface Held {
  chunks: Uint8Array[];
  /** Resolves when the present holder lets go. */
  free: Promise<void>;
}

/** A content store without a disk; nothing outlives it. `now` gives the times of its blobs. */
export function createMemoryContentStore(now: Clock = Date.now): ContentStore {
  const blobs = new Map<Digest, { readonly bytes: Uint8Array; readonly createdAt: number }>();
  const ingests = new Map<string, Held>();

  const publish = (mediaType: string, chunks: readonly Uint8Array[], options: IngestOptions): Descriptor => {
    const bytes = Buffer.concat(chunks);
    if (options.size !== undefined && options.size !== bytes.byteLength) {
      throw new ToolError(`expected ${options.size} bytes, got ${bytes.byteLength}`, {
        code: 'CONTENT_SIZE_MISMATCH',
      });
    }
    const algorithm = options.expected === undefined ? 'sha256' : digestAlgorithm(options.expected);
    const digest: Digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
    if (options.expected !== undefined && options.expected !== digest) {
      throw new ToolError(`expected content ${options.expected}, got ${digest}`, {
        code: 'CONTENT_DIGEST_MISMATCH',
      });
    }
    blobs.set(digest, { bytes, createdAt: now() });
    return { mediaType, digest, size: bytes.byteLength };
  };

  const find = (digest: Digest): Uint8Array => {
    const blob = blobs.get(digest);
    if (blob === undefined) throw new ToolError(`${digest} is not in memory`, { code: 'CONTENT_NOT_FOUND' });
    return blob.bytes;
  };

  return {
    info: async (digest) => {
      const blob = blobs.get(digest);
      return blob === undefined
        ? undefined
        : { digest, size: blob.bytes.byteLength, createdAt: blob.createdAt };
    },
    async *open(digest, options = {}) {
      const bytes = find(digest);
      options.signal?.throwIfAborted();
      if (bytes.byteLength > (options.offset ?? 0)) yield new Uint8Array(bytes.subarray(options.offset ?? 0));
    },
    async read(digest, limit = READ_LIMIT, options = {}) {
      options.signal?.throwIfAborted();
      const bytes = find(digest);
      if (bytes.byteLength > limit)
        throw new ToolError(`${digest} has ${bytes.byteLength} bytes`, { code: 'CONTENT_TOO_LARGE' });
      return new Uint8Array(bytes);
    },
    async ingest(mediaType, source, options = {}) {
      options.signal?.throwIfAborted();
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of source) {
        options.signal?.throwIfAborted();
        size += chunk.byteLength;
        if (options.size !== undefined && size > options.size) {
          throw new ToolError(`expected ${options.size} bytes, got more`, { code: 'CONTENT_SIZE_MISMATCH' });
        }
        chunks.push(new Uint8Array(chunk));
      }
      return publish(mediaType, chunks, options);
    },
    async resume(id, options = {}) {
      for (let before = ingests.get(id)?.free; before !== undefined; ) {
        await before;
        options.signal?.throwIfAborted();
        const next = ingests.get(id)?.free;
        before = next === before ? undefined : next;
      }
      const { promise: free, resolve: release } = Promise.withResolvers<void>();
      const held: Held = { chunks: ingests.get(id)?.chunks ?? [], free };
      ingests.set(id, held);
      return memoryIngest(held, publish, (keep) => {
        if (!keep && ingests.get(id) === held) ingests.delete(id);
        release();
      });
    },
    async *walk(options = {}) {
      for (const [digest, { bytes, createdAt }] of [...blobs]) {
        options.signal?.throwIfAborted();
        yield { digest, size: bytes.byteLength, createdAt } satisfies BlobInfo;
      }
    },
    async remove(digest) {
      blobs.delete(digest);
    },
  };
}

type Publish = (mediaType: string, chunks: readonly Uint8Array[], options: IngestOptions) => Descriptor;

function memoryIngest(held: Held, publish: Publish, letGo: (keep: boolean) => void): Ingest {
  return {
    get offset() {
      return held.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    },
    async write(chunk) {
      held.chunks.push(new Uint8Array(chunk));
    },
    async truncate() {
      held.chunks = [];
    },
    async commit(mediaType, options = {}) {
      try {
        return publish(mediaType, held.chunks, options);
      } finally {
        letGo(false);
      }
    },
    async close() {
      letGo(true);
    },
  };
}
