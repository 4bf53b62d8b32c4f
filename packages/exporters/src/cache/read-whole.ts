// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type Descriptor, digestAlgorithm } from '@img-build/oci';
import { brokenCache } from './cache-error.ts';

/** Reads a small blob; it is what its descriptor says. @throws ExporterError `CACHE_INVALID` */
export async function readWhole(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > size) break;
    all.push(chunk);
  }
  const whole = Buffer.concat(all);
  const algorithm = digestAlgorithm(digest);
  if (bytes === size && `${algorithm}:${createHash(algorithm).update(whole).digest('hex')}` === digest)
    return whole;
  throw brokenCache(`${digest} is damaged where it is kept`);
}
