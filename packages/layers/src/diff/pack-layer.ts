// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { Compression, ContentIngester, DiffOptions, Layer } from '@img-build/interfaces';
import { MEDIA_TYPES } from '@img-build/oci';
import { type PackEntry, packEntries } from '../tar/pack-entries.ts';
import { compress } from './compress.ts';

const TYPES: Readonly<Record<'oci' | 'docker', Readonly<Record<Compression, string>>>> = {
  oci: { gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd, uncompressed: MEDIA_TYPES.ociLayer },
  docker: {
    gzip: MEDIA_TYPES.dockerLayerGzip,
    zstd: MEDIA_TYPES.dockerLayerZstd,
    uncompressed: MEDIA_TYPES.dockerLayer,
  },
};

/** Packs entries as a layer and stores its blob. */
export async function packLayer(
  content: ContentIngester,
  entries: Iterable<PackEntry>,
  options: DiffOptions,
): Promise<Layer> {
  const { compression = 'gzip', mediaTypes = 'oci', signal } = options;
  const hash = createHash('sha256');
  let bytes = 0;
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of packEntries(entries, signal)) {
      hash.update(chunk);
      bytes += chunk.length;
      options.onProgress?.(bytes);
      yield chunk;
    }
  }
  const packed = compress(hashed(), compression, options.compressionLevel);
  const descriptor = await content.ingest(TYPES[mediaTypes][compression], packed, { signal });
  return { descriptor, diffId: `sha256:${hash.digest('hex')}` };
}
