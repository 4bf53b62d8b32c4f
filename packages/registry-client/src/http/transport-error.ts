// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';

const TLS_CODES: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'HOSTNAME_MISMATCH',
  'EPROTO',
]);
/** Failures that a second attempt within seconds does not cure. */
const DEFINITE_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
]);
/** The failures of a network. Others (of a file that is being sent, say) are not ours to explain. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed while sending',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'host name lookup failed',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'address not available',
  ENETDOWN: 'network down',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'answer stalled',
  UND_ERR_SOCKET: 'connection closed early',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answer ended early',
};

/**
 * Turns what the HTTP layer threw into a {@link RegistryError}; errors of ours pass unchanged.
 *
 * @param proxy - address of the proxy that was used, without credentials.
 */
export function transportError(cause: unknown, url: URL, proxy?: string): unknown {
  if (cause instanceof RegistryError) return cause;
  const refusal = proxy === undefined ? undefined : proxyRefusal(cause, url, proxy);
  if (refusal !== undefined) return refusal;
  const code = transportCode(cause);
  if (code === undefined) return cause;
  const { host } = url;
  if (isTlsCode(code)) return tlsError(cause, code, host);
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new RegistryError(`${host} does not speak proper HTTP: ${messageOf(cause)}`, {
      code: 'REGISTRY_PROTOCOL',
      host,
      cause,
    });
  }
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  return new RegistryError(`cannot reach ${host}${way}: ${REASONS[code]}`, {
    code: 'REGISTRY_UNREACHABLE',
    host,
    cause,
    hint: code === 'ENOTFOUND' ? 'check the registry name in the reference' : silentHint(cause, url),
    temporary: !DEFINITE_CODES.has(code),
  });
}

/** What a proxy answered itself; undici tells the status in words only. */
function proxyRefusal(cause: unknown, url: URL, proxy: string): RegistryError | undefined {
  const text = messageOf(cause);
  const status = Number(/^Proxy (?:response|Authentication Required) \(([0-9]{3})\)/.exec(text)?.[1]);
  if (Number.isNaN(status)) return undefined;
  return new RegistryError(`the proxy ${proxy} refused the way to ${url.host} with status ${status}`, {
    code: 'REGISTRY_UNREACHABLE',
    host: url.host,
    cause,
    hint:
      status === 407
        ? 'the proxy wants a login: put it into its address, as in http://name:password@proxy.example:3128'
        : 'check the proxy, or exempt the host with NO_PROXY',
    temporary: status === 408 || status === 429 || status >= 500,
  });
}

/** The code an error of the network, TLS or HTTP layer carries, also when it wraps several attempts; else `undefined`. */
export function transportCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors, name } = error as {
    code?: unknown;
    cause?: unknown;
    errors?: unknown;
    name?: unknown;
  };
  if (code === 'UND_ERR_SOCKET') return transportCode(cause) ?? code;
  // undici's parser does not always say which rule was broken.
  if (name === 'HTTPParserError' && code === undefined) return 'HPE_UNKNOWN';
  if (typeof code === 'string' && isTransportCode(code)) return code;
  return Array.isArray(errors) ? transportCode(errors[0]) : undefined;
}

/** A TLS server that wants a certificate of ours hangs up on the first request; its reason gets lost on the way. */
function silentHint(cause: unknown, url: URL): string | undefined {
  const socket = (cause as { socket?: { bytesRead?: unknown } }).socket;
  if (url.protocol !== 'https:' || socket?.bytesRead !== 0) return undefined;
  return `if the server wants a client certificate, put it into /etc/docker/certs.d/${url.host}/client.cert and its key into client.key`;
}

function isTransportCode(code: string): boolean {
  return (
    Object.hasOwn(REASONS, code) ||
    isTlsCode(code) ||
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW'
  );
}

function isTlsCode(code: string): boolean {
  return (
    TLS_CODES.has(code) ||
    code.startsWith('CERT_') ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_TLS_')
  );
}

function tlsError(cause: unknown, code: string, host: string): RegistryError {
  const speaksHttp =
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' ||
    code === 'ERR_SSL_HTTP_REQUEST';
  if (speaksHttp) {
    return new RegistryError(`${host} does not speak TLS`, {
      code: 'REGISTRY_TLS',
      host,
      cause,
      hint: 'plain http is used for loopback hosts only, unless it is allowed for this host explicitly',
    });
  }
  const wantsClient =
    code.includes('CERTIFICATE_REQUIRED') ||
    code.includes('HANDSHAKE_FAILURE') ||
    code.includes('BAD_CERTIFICATE');
  return new RegistryError(`no trusted TLS connection to ${host}: ${messageOf(cause)}`, {
    code: 'REGISTRY_TLS',
    host,
    cause,
    hint: wantsClient
      ? `put the client certificate into /etc/docker/certs.d/${host}/client.cert and its key into client.key`
      : `put the CA certificate into ~/.config/img/certs.d/${host}/ca.crt or /etc/docker/certs.d/${host}/ca.crt, or add it to the system's trusted certificates`,
  });
}
