// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { RegistryError } from '../registry-error.ts';
import { type HttpResponse, headerOf } from './message.ts';

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  zstd: () => createZstdDecompress(),
};

/** Tells whether a body is what it represents, so that lengths and ranges mean what they say. */
export function isIdentity(response: Pick<HttpResponse, 'headers'>): boolean {
  return encodingOf(response) === 'identity';
}

/**
 * The body with an encoding undone that something on the way added, though none was asked for: digests are about what is
 * inside. The reader has to limit what it takes.
 *
 * @throws RegistryError `REGISTRY_PROTOCOL` for an encoding unknown here or broken data.
 */
export function decodedBody(response: HttpResponse): AsyncIterable<Uint8Array> {
  const encoding = encodingOf(response);
  if (encoding === 'identity') return response.body;
  const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding]?.() : undefined;
  if (decoder !== undefined) return decoded(response, decoder, encoding);
  response.discard();
  throw encodingError(response, `in an unknown encoding ${JSON.stringify(encoding.slice(0, 40))}`);
}

async function* decoded(
  response: HttpResponse,
  decoder: NodeJS.ReadWriteStream,
  encoding: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = Readable.from(response.body, { objectMode: false });
  let sourceError: unknown;
  source.on('error', (error) => {
    sourceError = error;
    (decoder as unknown as Readable).destroy(error);
  });
  try {
    for await (const chunk of source.pipe(decoder)) yield chunk as unknown as Uint8Array;
  } catch (cause) {
    if (sourceError !== undefined) throw sourceError as Error;
    throw encodingError(response, `as broken ${encoding}`, cause);
  } finally {
    source.destroy();
  }
}

function encodingOf({ headers }: Pick<HttpResponse, 'headers'>): string {
  return headerOf(headers, 'content-encoding')?.trim().toLowerCase() || 'identity';
}

function encodingError(response: HttpResponse, how: string, cause?: unknown): RegistryError {
  return new RegistryError(`${response.url.host} sent its answer ${how}`, {
    code: 'REGISTRY_PROTOCOL',
    host: response.url.host,
    status: response.status,
    cause,
  });
}
