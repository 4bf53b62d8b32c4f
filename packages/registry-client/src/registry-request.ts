// SPDX-License-Identifier: MIT
import type { AccessRequest } from './auth/authorizer.ts';
import type { Scope } from './auth/scope.ts';
import type { Endpoint } from './hosts/endpoint.ts';
import type { HttpRequest } from './http/message.ts';
import type { RegistryCall } from './session.ts';

/** Milliseconds a mirror may think about an answer before the next host is asked. */
const MIRROR_TIMEOUT = 20_000;

/** A call as it goes to one host: with the name its repository has there, and what the host is to be told. */
export function requestAt(call: RegistryCall, endpoint: Endpoint, userAgent: string): HttpRequest {
  const url = typeof call.at === 'string' ? addressAt(call.at, call, endpoint) : call.at;
  const home = isHome(url, endpoint);
  const headers = { 'user-agent': userAgent, ...(home ? endpoint.headers : undefined), ...call.headers };
  const { method, body, staysHome, documentLimit, signal } = call;
  const headersTimeout = endpoint.mirror ? MIRROR_TIMEOUT : call.headersTimeout;
  return {
    method,
    url,
    headers,
    body,
    headersTimeout,
    staysHome,
    documentLimit,
    signal,
    tls: home ? endpoint.tls : undefined,
  };
}

/** Who wants what, in the words of the host asked. */
export function accessAt(call: RegistryCall, endpoint: Endpoint): AccessRequest {
  const { path } = call.reference;
  if (path === '') return { endpoint, path: undefined, scopes: call.scopes };
  const there = scopePath(endpoint);
  if (there === path) return { endpoint, path, scopes: call.scopes };
  const renamed = (scope: Scope): Scope =>
    scope.startsWith(`repository:${path}:`)
      ? `repository:${there}${scope.slice(`repository:${path}`.length)}`
      : scope;
  return { endpoint, path: there, scopes: call.scopes.map(renamed) };
}

/** Tells whether an address is at the host itself. */
export function isHome(url: URL, { base }: Endpoint): boolean {
  return url.origin === base.origin;
}

function addressAt(at: string, { reference }: RegistryCall, endpoint: Endpoint): URL {
  const { path } = reference;
  const below = path !== '' && at.startsWith(`${path}/`) && endpoint.path !== '';
  const url = new URL(
    `${endpoint.root}/${below ? `${endpoint.path}${at.slice(path.length)}` : at}`,
    endpoint.base,
  );
  if (endpoint.namespace !== undefined) url.searchParams.append('ns', endpoint.namespace);
  return url;
}

/** A path behind `/v2` belongs to the repository's name there. */
function scopePath({ root, path }: Endpoint): string {
  return root.startsWith('/v2/') ? `${root.slice('/v2/'.length)}/${path}` : path;
}
