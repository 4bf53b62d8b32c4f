// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';
import { displayUrl, type HttpRequest, type HttpResponse, headerOf, type Send } from './message.ts';
import { mayLeadTo } from './private-address.ts';

const MAX_HOPS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What a foreign host may learn about a request. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'range',
  'user-agent',
  'content-type',
  'content-length',
  'content-range',
]);

/** What redirects may do. */
export interface RedirectRules {
  /** Lets public hosts lead to private addresses. */
  readonly allowPrivateAddresses: boolean;
  /** Lets https lead to http. */
  readonly allowDowngrade: boolean;
}

/**
 * Sends a request and follows redirects. As soon as a hop leaves the first origin, everything but harmless headers is
 * dropped and stays dropped, also when a later hop returns.
 *
 * @throws RegistryError `REGISTRY_REDIRECT_REFUSED` for a loop, a downgrade, or a way into a private network.
 */
export async function sendFollowing(
  send: Send,
  request: HttpRequest,
  rules: RedirectRules,
): Promise<HttpResponse> {
  let current = request;
  for (let hop = 0; ; hop++) {
    const response = await send(current);
    const location = headerOf(response.headers, 'location');
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    const next = nextUrl(location, current.url);
    if (request.staysHome === true && next.host !== request.url.host) return response;
    response.discard();
    if (hop >= MAX_HOPS) throw refused(request.url, next, `more than ${MAX_HOPS} redirects`);
    checkHop(request.url, current.url, next, rules);
    current = redirected(current, next, response.status, next.origin === request.url.origin);
  }
}

/** The headers that any host may see: no credentials, nothing that was configured for a registry. */
export function harmlessHeaders(headers: HttpRequest['headers']): HttpRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.has(name.toLowerCase())),
  );
}

function nextUrl(location: string, base: URL): URL {
  if (URL.canParse(location, base.href)) {
    const url = new URL(location, base);
    if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  }
  throw new RegistryError(`${displayUrl(base)} redirects to something that is no web address`, {
    code: 'REGISTRY_PROTOCOL',
    host: base.host,
  });
}

function checkHop(first: URL, from: URL, to: URL, rules: RedirectRules): void {
  if (!rules.allowDowngrade && from.protocol === 'https:' && to.protocol === 'http:')
    throw refused(from, to, 'it would give up encryption');
  if (!rules.allowPrivateAddresses && !mayLeadTo(first, to))
    throw refused(from, to, 'the address is private');
}

function redirected(request: HttpRequest, url: URL, status: number, sameOrigin: boolean): HttpRequest {
  const kept = sameOrigin ? request.headers : harmlessHeaders(request.headers);
  // The identity is for the first origin alone.
  const tls = sameOrigin ? request.tls : undefined;
  const becomesGet = status === 303 || ((status === 301 || status === 302) && request.method === 'POST');
  if (!becomesGet || request.method === 'GET' || request.method === 'HEAD')
    return { ...request, tls, url, headers: kept };
  return {
    ...request,
    tls,
    url,
    method: 'GET',
    body: undefined,
    headers: Object.fromEntries(
      Object.entries(kept).filter(([name]) => !name.toLowerCase().startsWith('content-')),
    ),
  };
}

function refused(from: URL, to: URL, why: string): RegistryError {
  return new RegistryError(`refused the redirect from ${displayUrl(from)} to ${displayUrl(to)}: ${why}`, {
    code: 'REGISTRY_REDIRECT_REFUSED',
    host: from.host,
  });
}
