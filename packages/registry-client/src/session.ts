// SPDX-License-Identifier: MIT
import type { Digest, Reference } from '@img-build/oci';
import { sendAuthorized } from './auth/authorized-send.ts';
import { createAuthorizer } from './auth/authorizer.ts';
import type { Scope } from './auth/scope.ts';
import type { SendPlain } from './auth/token-request.ts';
import type { CredentialSource } from './credentials/credentials.ts';
import { createAskHosts } from './hosts/ask-hosts.ts';
import type { Endpoint, Errand, FindEndpoint } from './hosts/endpoint.ts';
import type { Identities } from './hosts/identities.ts';
import type { Router } from './hosts/router.ts';
import { errorFromResponse } from './http/error-response.ts';
import {
  displayUrl,
  type HttpRequest,
  type HttpResponse,
  headersOf,
  type ReplayableBody,
  type Send,
} from './http/message.ts';
import { createPersistence } from './http/persist.ts';
import { mayLeadTo } from './http/private-address.ts';
import { sendFollowing } from './http/redirect.ts';
import type { RetryPolicy, Timing } from './http/retry.ts';
import { sendForDocument } from './http/whole-answer.ts';
import { RegistryError } from './registry-error.ts';
import type { Report } from './registry-event.ts';
import { accessAt, isHome, requestAt } from './registry-request.ts';
import { createSlots, type Slots } from './transfer/slots.ts';
import { createYoungGarbage, type Passed } from './transfer/young-garbage.ts';

/** One request of the registry API. */
export interface RegistryCall {
  readonly method: HttpRequest['method'];
  readonly reference: Pick<Reference, 'domain' | 'path'>;
  /** What follows `/v2/`, or a whole address an earlier answer gave. */
  readonly at: string | URL;
  readonly scopes: readonly Scope[];
  /** Lets the hosts answer that serve this instead of the registry; without, the host that is written to answers. */
  readonly errand?: Pick<Errand, 'capability' | 'by'> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: ReplayableBody | undefined;
  /** Sends again after temporary failures; on by default. */
  readonly retry?: boolean | undefined;
  readonly headersTimeout?: number | undefined;
  /** The answer is a document of at most so many bytes, received as part of the call: one that breaks off is asked for again. */
  readonly documentLimit?: number | undefined;
  /** Gives a redirect to another host back instead of following it. */
  readonly staysHome?: boolean | undefined;
  /** Sends the headers as they are and gives a 401 back. */
  readonly anonymous?: boolean | undefined;
  /** What is wanted, for messages. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a {@link Session} works with. */
export interface SessionOptions {
  readonly send: Send;
  readonly router: Router;
  readonly identities: Identities;
  readonly credentials: CredentialSource;
  readonly policy: RetryPolicy;
  readonly timing: Timing;
  readonly userAgent: string;
  readonly allowPrivateAddresses: boolean;
  readonly report: Report;
  /** Blobs sent to one host at once, and blobs received. */
  readonly parallel: number;
}

/** Everything the endpoints share: hosts, authorization, redirects, retries. */
export interface Session {
  readonly policy: RetryPolicy;
  readonly timing: Timing;
  readonly allowPrivateAddresses: boolean;
  readonly report: Report;
  readonly findEndpoint: FindEndpoint;
  /** Limits uploads by host. */
  readonly uploads: Slots;
  /** Limits downloads by host; apart from uploads, so that a copy within one host cannot wait for itself. */
  readonly downloads: Slots;
  /** Blobs that arrived wrong once; caches on the way are not asked for them again. */
  readonly suspects: Set<Digest>;
  /** Registries that do not go on from chunk to chunk. */
  readonly chunkless: Set<string>;
  /** Told of every piece of a blob that has passed through. */
  readonly passed: Passed;
  /** One writer at a time for each list of referrers. */
  readonly subjects: Slots;
  /** Sends a call and returns its answer, whatever the status, once it is not temporary or patience has run out. */
  call(call: RegistryCall): Promise<HttpResponse>;
  /** {@link call}, insisting on one of `statuses`. @throws RegistryError for any other. */
  expect(call: RegistryCall, statuses: readonly number[]): Promise<HttpResponse>;
  /** Sends a request with redirects and retries, without authorization of its own. */
  readonly sendPlain: SendPlain;
  /** {@link sendPlain} to a token server that a registry named, which may share the registry's certificates. */
  sendForTokens(endpoint: Endpoint): SendPlain;
  /** Fetches from a host that is no registry, without credentials. */
  fetchForeign(call: RegistryCall & { readonly at: URL }): Promise<HttpResponse>;
}

/** Creates a {@link Session}. */
export function createSession(options: SessionOptions): Session {
  const { policy, timing, report, router, userAgent, allowPrivateAddresses } = options;
  const { findEndpoint } = router;
  const persistence = createPersistence(options);
  const askHosts = createAskHosts({ router, timing, report, reach: persistence.reach });

  const attempt = async (request: HttpRequest, allowDowngrade: boolean): Promise<HttpResponse> => {
    await persistence.pass(request.url.host, request.signal);
    const started = timing.now();
    const follow: Send = async (one) =>
      await sendFollowing(options.send, one, { allowPrivateAddresses, allowDowngrade });
    const timed = { ...request, headersTimeout: request.headersTimeout ?? policy.stall.window };
    const response =
      request.documentLimit === undefined
        ? await follow(timed)
        : await sendForDocument(follow, timed, request.documentLimit, policy.stall);
    report({
      type: 'request-completed',
      method: request.method,
      url: displayUrl(request.url),
      status: response.status,
      milliseconds: timing.now() - started,
    });
    for (const text of headersOf(response.headers, 'warning'))
      report({ type: 'warning-received', host: request.url.host, text: text.slice(0, 500) });
    return response;
  };
  const persistPlain = async (request: HttpRequest): Promise<HttpResponse> =>
    await persistence.persist(request, async (one) => await attempt(one, false));
  const sendPlain: SendPlain = async (request) =>
    await persistPlain({ ...request, headers: { 'user-agent': userAgent, ...request.headers } });
  const sendFor = (endpoint: Endpoint): SendPlain => {
    return async (request) =>
      await sendPlain({ ...request, tls: await options.identities.forTokens(endpoint, request.url) });
  };
  const authorizer = createAuthorizer({
    credentials: options.credentials,
    timing,
    allowPrivateAddresses,
    sendFor,
    sendPlain,
  });

  const callAt = async (wanted: RegistryCall, endpoint: Endpoint): Promise<HttpResponse> => {
    const request = requestAt(wanted, endpoint, userAgent);
    const access = accessAt(wanted, endpoint);
    const send = async (one: HttpRequest): Promise<HttpResponse> => await attempt(one, endpoint.mayDowngrade);
    const once = async (one: HttpRequest): Promise<HttpResponse> =>
      isHome(request.url, endpoint) && wanted.anonymous !== true
        ? await sendAuthorized(authorizer, access, one, send)
        : await send(one);
    // Patience is for the registry: what a mirror does not give at once, the next host gives.
    return wanted.retry === false || endpoint.mirror
      ? await once(request)
      : await persistence.persist(request, once);
  };
  const call = async (wanted: RegistryCall): Promise<HttpResponse> => {
    const { reference, what, signal, at } = wanted;
    return await askHosts({
      errand: { reference, capability: 'push', by: 'tag', ...wanted.errand },
      key: String(at),
      at: at instanceof URL ? at : undefined,
      what,
      signal,
      ask: async (endpoint) => await callAt(wanted, endpoint),
    });
  };

  return {
    policy,
    timing,
    allowPrivateAddresses,
    report,
    findEndpoint,
    uploads: createSlots(options.parallel),
    downloads: createSlots(options.parallel),
    passed: createYoungGarbage(),
    subjects: createSlots(1),
    suspects: new Set(),
    chunkless: new Set(),
    sendPlain,
    sendForTokens: sendFor,
    call,
    async expect(wanted, statuses) {
      const response = await call(wanted);
      if (statuses.includes(response.status)) return response;
      throw await unexpected(response, wanted);
    },
    async fetchForeign(wanted) {
      const { base } = await findEndpoint(wanted.reference, wanted.signal);
      if (!isForeignAddress(wanted.at) || !(allowPrivateAddresses || mayLeadTo(base, wanted.at))) {
        throw new RegistryError(`refused to fetch ${wanted.what} from ${displayUrl(wanted.at)}`, {
          code: 'REGISTRY_REDIRECT_REFUSED',
          host: wanted.at.host,
        });
      }
      return await sendPlain({
        method: wanted.method,
        url: wanted.at,
        headers: wanted.headers ?? {},
        signal: wanted.signal,
      });
    },
  };
}

/** The error for an answer that does not fit its call. */
export async function unexpected(
  response: HttpResponse,
  { what, reference }: RegistryCall,
): Promise<RegistryError> {
  return await errorFromResponse(response, { what, host: reference.domain, repository: reference.path });
}

function isForeignAddress(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}
