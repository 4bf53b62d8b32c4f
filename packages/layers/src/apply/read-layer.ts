// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { Digest } from '@img-build/oci';
import { decompress } from '../compression/decompress.ts';
import { type Packing, sniffPacking } from '../compression/detect.ts';
import { LayerError } from '../layer-error.ts';

const READ_SIZE = 256 * 1024;
/** Plain descriptors, because a thread that is terminated closes them, while it only complains about file handles. */
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

/** What reading a layer to its end tells about it. */
export interface LayerDigests {
  /** Of the compressed bytes; undefined when it was not asked for. */
  readonly digest: Digest | undefined;
  readonly diffId: Digest;
  /** What it is packed with, whatever it says. */
  readonly packing: Packing;
}

/** The tar of a layer. */
export interface LayerStream {
  /** The tar in chunks, each lent until the next is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Compressed bytes read so far. */
  readonly bytesRead: () => number;
  /** To be asked for after the last chunk. */
  readonly digests: () => Promise<LayerDigests>;
  /** Frees everything; may be called at any time, and twice. */
  readonly close: () => Promise<void>;
}

/** Reads, hashes and unpacks a layer's file in this thread. `algorithm`: that of the blob's digest, if it is wanted. */
export function readLayer(path: string, algorithm: string | undefined): LayerStream {
  const packed = algorithm === undefined ? undefined : createHash(algorithm);
  const unpacked = createHash('sha256');
  let bytesRead = 0;
  let found: Packing = 'none';
  let digests: LayerDigests | undefined;

  async function* file(): AsyncGenerator<Buffer> {
    const fd = await openFile(path, 'r');
    try {
      while (true) {
        const { bytesRead: size, buffer } = await readFile(
          fd,
          Buffer.allocUnsafeSlow(READ_SIZE),
          0,
          READ_SIZE,
          bytesRead,
        );
        if (size === 0) return;
        const chunk = buffer.subarray(0, size);
        packed?.update(chunk);
        bytesRead += size;
        yield chunk;
      }
    } finally {
      await closeFile(fd);
    }
  }

  async function* tar(): AsyncGenerator<Buffer> {
    const source = file();
    try {
      const { packing, bytes } = await sniffPacking(source);
      found = packing;
      if (packing === 'bzip2' || packing === 'xz') {
        throw new LayerError(`is compressed with ${packing}, which layers must not be`, {
          code: 'LAYER_UNSUPPORTED',
        });
      }
      for await (const chunk of decompress(bytes, packing)) {
        unpacked?.update(chunk);
        yield chunk;
      }
    } finally {
      await source.return(undefined);
    }
  }

  const chunks = tar();
  return {
    chunks,
    bytesRead: () => bytesRead,
    digests: async () => {
      digests ??= {
        digest: packed === undefined ? undefined : `${algorithm}:${packed.digest('hex')}`,
        diffId: `sha256:${unpacked.digest('hex')}`,
        packing: found,
      };
      return digests;
    },
    close: async () => {
      await chunks.return(undefined);
    },
  };
}
