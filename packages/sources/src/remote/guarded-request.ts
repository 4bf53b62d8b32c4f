// SPDX-License-Identifier: MIT
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import type { AbortOptions } from '@img-build/interfaces';
import { SourceError } from '../source-error.ts';
import { type Environment, proxyFor } from './proxy.ts';
import { isPublicAddress } from './public-address.ts';
import { withoutSecrets } from './shown-url.ts';

/** How servers are reached. */
export interface NetworkOptions {
  /** Says which proxies to use. */
  readonly env?: Environment | undefined;
  /** Which addresses belong to the public internet; a port, because tests have only the loopback. */
  readonly isPublic?: ((address: string) => boolean) | undefined;
  /** Milliseconds without a byte after which a server counts as gone; 60,000 by default. */
  readonly stalled?: number | undefined;
}

/** One question. */
export interface GuardedRequest extends AbortOptions {
  readonly method?: 'GET' | 'HEAD' | undefined;
  /** `authorization` goes to the first server only. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The answer that is no redirect. */
export interface GuardedResponse {
  readonly message: IncomingMessage;
  /** Where it came from in the end. */
  readonly url: URL;
}

const MAX_REDIRECTS = 10;

/** Milliseconds, when the caller does not say. */
export const DEFAULT_STALLED = 60_000;

/**
 * Asks an http or https server and follows its redirects, but never from the public internet into a private network:
 * what a server of the internet says must not reach the services around this machine. The check is made on the address
 * that is connected to, so that a name cannot change its meaning in between. Behind a proxy only addresses written as
 * numbers can be checked; names are the proxy's business.
 *
 * @throws SourceError `SOURCE_REDIRECT_REFUSED`, `SOURCE_DOWNLOAD_FAILED`; errors of `node:http`
 */
export async function guardedRequest(
  start: URL,
  request: GuardedRequest,
  network: NetworkOptions,
): Promise<GuardedResponse> {
  let url = start;
  let headers = request.headers ?? {};
  let cameFromPublic = false;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const guard = await createGuard(url, cameFromPublic, network);
    const message = await send(url, { ...request, headers }, guard);
    cameFromPublic ||= guard.reachedPublic;
    const next = redirectOf(message, url);
    if (next === undefined) return { message, url };
    message.destroy();
    if (next.protocol !== 'http:' && next.protocol !== 'https:')
      throw refused(url, next, 'it is no http address');
    if (next.origin !== url.origin) {
      const { authorization: _, ...others } = headers;
      headers = others;
    }
    url = next;
  }
  throw new SourceError(`${withoutSecrets(start.href)}: more than ${MAX_REDIRECTS} redirects`, {
    code: 'SOURCE_DOWNLOAD_FAILED',
  });
}

/** Watches over one connection. */
interface Guard {
  readonly options: RequestOptions;
  /** Known when the server has answered. */
  readonly reachedPublic: boolean;
}

async function createGuard(
  url: URL,
  cameFromPublic: boolean,
  { env = {}, isPublic = isPublicAddress }: NetworkOptions,
): Promise<Guard> {
  let reachedPublic = false;
  const allow = (addresses: readonly LookupAddress[]): LookupAddress[] => {
    const open = addresses.filter(({ address }) => isPublic(address));
    reachedPublic ||= open.length > 0;
    return cameFromPublic ? open : [...addresses];
  };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && allow([{ address: host, family: isIP(host) }]).length === 0)
    throw privateNetwork(url);
  const proxy = proxyFor(url, env);
  const options: RequestOptions =
    proxy === undefined ? { lookup: guardedLookup(url, allow) } : { agent: await proxyAgent(url, proxy) };
  return {
    options,
    get reachedPublic() {
      return reachedPublic || proxy !== undefined;
    },
  };
}

function guardedLookup(
  url: URL,
  allow: (addresses: readonly LookupAddress[]) => LookupAddress[],
): LookupFunction {
  return (host, options: LookupOptions, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = allow(addresses);
      const [first] = allowed;
      if (first === undefined) return callback(privateNetwork(url), '', 0);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

async function proxyAgent(url: URL, proxy: string): Promise<Agent> {
  const { Agent } = await protocolOf(url);
  return new Agent({ proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } });
}

/** Loaded when needed: node:http costs a fifth of the time of a build that has nothing to do. */
async function protocolOf(url: URL): Promise<typeof import('node:http') | typeof import('node:https')> {
  return url.protocol === 'https:' ? await import('node:https') : await import('node:http');
}

async function send(
  url: URL,
  { method = 'GET', headers, signal }: GuardedRequest,
  { options }: Guard,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = await protocolOf(url);
  // Without an agent that keeps connections: a lookup must happen for every request.
  const sent = request(url, {
    agent: false,
    ...options,
    method,
    headers: { 'user-agent': 'img', accept: '*/*', 'accept-encoding': 'identity', ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
  sent.once('response', resolve);
  sent.once('error', reject);
  sent.end();
  return await promise;
}

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

function redirectOf({ statusCode, headers }: IncomingMessage, url: URL): URL | undefined {
  const { location } = headers;
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined;
  if (URL.canParse(location, url.href)) return new URL(location, url);
  throw new SourceError(`${withoutSecrets(url.href)}: the server redirects to ${JSON.stringify(location)}`, {
    code: 'SOURCE_DOWNLOAD_FAILED',
  });
}

function privateNetwork(url: URL): SourceError {
  return new SourceError(
    `a server of the internet redirects to ${withoutSecrets(url.href)}, which is in a private network`,
    { code: 'SOURCE_REDIRECT_REFUSED', hint: 'name that address itself if it is meant' },
  );
}

function refused(from: URL, to: URL, reason: string): SourceError {
  return new SourceError(`${withoutSecrets(from.href)} redirects to ${withoutSecrets(to.href)}: ${reason}`, {
    code: 'SOURCE_REDIRECT_REFUSED',
  });
}
