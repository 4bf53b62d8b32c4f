// SPDX-License-Identifier: MIT
import type { Dispatcher } from 'undici';
import type { Dispatchers } from '../hosts/dispatchers.ts';
import type { HttpResponse, Send } from './message.ts';
import { transportError } from './transport-error.ts';

const MAX_DISCARDED_BYTES = 16 * 1024;

/** Makes the function that puts one request on the wire. */
export function createSend(dispatchers: Dispatchers): Send {
  return async (request) => {
    const { signal, url } = request;
    signal?.throwIfAborted();
    try {
      const dispatcher = await dispatchers.of(url, request.tls);
      const { request: send } = await import('./undici.ts');
      const body = typeof request.body === 'function' ? request.body() : request.body;
      const response = await send(url, {
        dispatcher,
        method: request.method,
        headers: { ...request.headers },
        ...(body === undefined ? {} : { body: body as Dispatcher.DispatchOptions['body'] & object }),
        ...(request.headersTimeout === undefined ? {} : { headersTimeout: request.headersTimeout }),
        ...(signal === undefined ? {} : { signal }),
      });
      return receive(response, url, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw transportError(error, url, dispatchers.proxyOf(url));
    }
  };
}

function receive(response: Dispatcher.ResponseData, url: URL, signal: AbortSignal | undefined): HttpResponse {
  const { body } = response;
  // A body given up may fail late, when nobody listens any more.
  body.on('error', () => {});
  return {
    status: response.statusCode,
    headers: response.headers,
    url,
    body: readable(body, url, signal),
    discard: () => {
      // Reading a short rest lets the connection be used again; `dump` gives up by itself when the rest is long.
      body.dump({ limit: MAX_DISCARDED_BYTES }).catch(() => {});
    },
  };
}

async function* readable(
  body: AsyncIterable<Uint8Array>,
  url: URL,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (error) {
    signal?.throwIfAborted();
    throw transportError(error, url);
  }
}
