// SPDX-License-Identifier: MIT
import {
  createStallGuard,
  eitherSignal,
  type StallGuard,
  type StallLimits,
} from '../transfer/stall-guard.ts';
import { decodedBody } from './content-encoding.ts';
import { contentLength, displayUrl, type HttpRequest, type HttpResponse, type Send } from './message.ts';

/**
 * Sends a request whose answer is a document, and receives the document of a success before it gives the answer back: a
 * connection that breaks or drips in the middle fails the request, so that it is sent again like any other. Encodings that
 * something on the way added are undone.
 *
 * @param limit - bytes; of a longer document one more than these arrives, for the reader to refuse.
 * @throws RegistryError `REGISTRY_UNREACHABLE` for a document that stands still.
 */
export async function sendForDocument(
  send: Send,
  request: HttpRequest,
  limit: number,
  stall: StallLimits,
): Promise<HttpResponse> {
  const guard = createStallGuard(stall, `answer of ${displayUrl(request.url)}`, request.url.host);
  const response = await send({ ...request, signal: eitherSignal(request.signal, guard.signal) });
  const body = watched(response.body, guard);
  const success = response.status >= 200 && response.status < 300;
  if (!success || (contentLength(response.headers) ?? 0) > limit) return { ...response, body };
  const document = await firstBytes(decodedBody({ ...response, body }), limit + 1);
  return { ...response, body: once(document) };
}

async function* watched(
  body: AsyncIterable<Uint8Array>,
  guard: StallGuard,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    guard.wait();
    for await (const chunk of body) {
      guard.moved(chunk.byteLength);
      yield chunk;
      guard.wait();
    }
  } finally {
    guard.stop();
  }
}

async function firstBytes(body: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, count - length));
    length += chunk.byteLength;
    if (length >= count) break;
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.byteLength > 0) yield bytes;
}
