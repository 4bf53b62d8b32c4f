// SPDX-License-Identifier: MIT
import { transportCode, transportError } from '../http/transport-error.ts';

/** Milliseconds for a connection and the first bytes of an answer. */
const PROBE_TIMEOUT = 10_000;
/** What a server that expects http makes of our greeting. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

/**
 * Finds out whether a host that may also speak http speaks TLS, by a handshake that sends and trusts nothing.
 *
 * @throws RegistryError `REGISTRY_UNREACHABLE` when nothing answers there.
 */
export async function speaksTls(url: URL, signal?: AbortSignal): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const { connect } = await import('node:tls');
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  // An empty list of CAs saves loading the ordinary one, which nothing here would consult.
  const socket = connect({
    host,
    port: Number(url.port || 443),
    rejectUnauthorized: false,
    ca: [],
    ALPNProtocols: ['http/1.1'],
  });
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  socket.setTimeout(PROBE_TIMEOUT, () =>
    socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
  );
  socket.once('secureConnect', () => resolve(true));
  socket.once('error', (error) => {
    const code = transportCode(error) ?? '';
    // A server that wants a certificate of ours complains in TLS; only these failures mean that it does not know TLS.
    if (NOT_TLS.has(code)) resolve(false);
    else if (code.startsWith('ERR_SSL_')) resolve(true);
    else reject(transportError(error, url));
  });
  try {
    signal?.throwIfAborted();
    return await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.on('error', () => {});
    socket.destroy();
  }
}
