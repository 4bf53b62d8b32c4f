// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';
import { contentLength, displayUrl, type HttpResponse } from './message.ts';

/**
 * Reads a whole body.
 *
 * @param limit - bytes; more is refused before or while reading.
 * @throws RegistryError `REGISTRY_PROTOCOL` when the body is longer.
 */
export async function readBody(response: HttpResponse, limit: number): Promise<Uint8Array> {
  if ((contentLength(response.headers) ?? 0) > limit) {
    response.discard();
    throw tooLong(response, limit);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    if (length > limit) throw tooLong(response, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Reads at most `limit` bytes of a body as text and gives up the rest; for error answers. */
export async function readExcerpt(response: HttpResponse, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk.subarray(0, limit - length));
      length += chunk.byteLength;
      if (length >= limit) break;
    }
  } catch {
    // The status is what counts; what arrived of the explanation is used.
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(response: HttpResponse, limit: number): RegistryError {
  return new RegistryError(`answer of ${displayUrl(response.url)} is longer than ${limit} bytes`, {
    code: 'REGISTRY_PROTOCOL',
    host: response.url.host,
    status: response.status,
  });
}
