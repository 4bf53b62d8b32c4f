// SPDX-License-Identifier: MIT
import type { TlsIdentity } from '../hosts/tls-identity.ts';
import type { RegistryError } from '../registry-error.ts';

/** Header names in lower case; a header sent several times is a list. */
export type HeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A body that can be sent again after a failure. */
export type ReplayableBody = Uint8Array | (() => AsyncIterable<Uint8Array>);

/** One HTTP request; credentials are in its headers. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: ReplayableBody | undefined;
  /** Gives a redirect to another host back instead of following it. */
  readonly staysHome?: boolean | undefined;
  /** Receives the answer's document, of at most so many bytes, before giving the answer back. */
  readonly documentLimit?: number | undefined;
  /** Milliseconds to wait for the answer to begin. */
  readonly headersTimeout?: number | undefined;
  /** Identity towards the host of `url`; elsewhere, where redirects lead, the machine's settings count. */
  readonly tls?: TlsIdentity | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read. It must be read or discarded. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HeaderMap;
  /** The address that answered, after redirects. */
  readonly url: URL;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection up or back without reading on. */
  discard(): void;
  /** There when a mirror answered: says that the answer is wrong, so that the next host is asked from now on. */
  readonly distrust?: ((reason: unknown) => void) | undefined;
  /** Why each mirror that was asked before did not help. */
  readonly mirrorFailures?: readonly RegistryError[] | undefined;
}

/** Sends one request to one address, following nothing. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** The first value of a header. */
export function headerOf(headers: HeaderMap, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** All values of a header. */
export function headersOf(headers: HeaderMap, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** Content-Length as a number of bytes; `undefined` when absent or not a number. */
export function contentLength(headers: HeaderMap): number | undefined {
  const text = headerOf(headers, 'content-length');
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** An address fit for messages and events: no credentials, no query values. */
export function displayUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
