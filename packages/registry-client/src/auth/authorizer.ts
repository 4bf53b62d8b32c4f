// SPDX-License-Identifier: MIT
import { unlessAborted } from '../abortable.ts';
import type { CredentialSource, Credentials } from '../credentials/credentials.ts';
import type { Endpoint } from '../hosts/endpoint.ts';
import { type HttpResponse, headersOf } from '../http/message.ts';
import type { Timing } from '../http/retry.ts';
import { RegistryError } from '../registry-error.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { checkRealm } from './realm.ts';
import { coversScopes, mergeScopes, type Scope, splitScopes } from './scope.ts';
import { basicHeader, requestToken, type SendPlain } from './token-request.ts';

/** What an {@link Authorizer} works with. */
export interface AuthorizerOptions {
  readonly credentials: CredentialSource;
  /** Sends to a token server that a registry named. */
  readonly sendFor: (endpoint: Endpoint) => SendPlain;
  readonly sendPlain: SendPlain;
  readonly timing: Timing;
  readonly allowPrivateAddresses: boolean;
}

/** Who wants to do what. */
export interface AccessRequest {
  readonly endpoint: Endpoint;
  /** The repository; `undefined` for the registry as a whole. */
  readonly path: string | undefined;
  readonly scopes: readonly Scope[];
}

/** Knows which Authorization header each registry wants. */
export interface Authorizer {
  /** The header to send without having been asked, from what earlier answers taught; `undefined` for none. */
  header(access: AccessRequest, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * What to send after a 401.
   *
   * @throws RegistryError `REGISTRY_UNAUTHORIZED`, `REGISTRY_DENIED`, `REGISTRY_PROTOCOL` when nothing else would help.
   */
  answer(access: AccessRequest, refusal: Refusal, signal?: AbortSignal): Promise<Authorization>;
  /**
   * The header for a host that is not the registry and answered 401: a token anybody gets, fetched without credentials and
   * forgotten; `undefined` when it wants something else.
   */
  strangerToken(response: HttpResponse, signal?: AbortSignal): Promise<string | undefined>;
}

/** A 401 and what it was given for. */
export interface Refusal {
  readonly response: HttpResponse;
  /** The header the request carried. */
  readonly sent: string | undefined;
  /** The header was made for this very request: a second one like it would be refused as well. */
  readonly fresh: boolean;
}

/** A header and the scopes it was made for. */
export interface Authorization {
  readonly header: string;
  readonly scopes: readonly Scope[];
}

/** How a registry said it wants to be convinced. */
type Demand =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: URL; readonly service: string | undefined };

interface CachedToken {
  readonly header: Promise<string>;
  /** The header, once it is there. */
  value?: string;
  /** Milliseconds since the epoch; unknown until the token is there. */
  expires: number;
}

/** Share of a token's lifetime after which it is renewed. */
const USABLE_SHARE = 0.9;

/** Creates an {@link Authorizer} that remembers demands and tokens, and asks for each token once however many want it. */
export function createAuthorizer({
  credentials,
  sendFor,
  sendPlain,
  timing,
  allowPrivateAddresses,
}: AuthorizerOptions): Authorizer {
  const demands = new Map<string, Demand>();
  const tokens = new Map<string, CachedToken>();

  const find = async (
    { endpoint, path }: AccessRequest,
    signal: AbortSignal | undefined,
  ): Promise<Credentials | undefined> => await credentials.find(endpoint.domain, path, { signal });

  const tokenHeader = async (
    access: AccessRequest,
    demand: Demand & { scheme: 'bearer' },
    found: Credentials | undefined,
    signal?: AbortSignal,
  ): Promise<string> => {
    const { endpoint, path } = access;
    const scopes = mergeScopes(access.scopes);
    const key = [
      endpoint.domain,
      path ?? '',
      demand.realm.href,
      demand.service ?? '',
      ...scopes.toSorted(),
    ].join(' ');
    const cached = tokens.get(key);
    if (cached !== undefined && timing.now() < cached.expires)
      return await unlessAborted(cached.header, signal);
    const { realm, service } = demand;
    const answer = requestToken(sendFor(endpoint), {
      realm,
      service,
      scopes,
      credentials: found,
      host: endpoint.domain,
    });
    const entry: CachedToken = {
      expires: Number.POSITIVE_INFINITY,
      header: answer.then(({ token, lifetime, issuedAt }) => {
        entry.expires = expiryOf(timing.now(), lifetime * 1000, issuedAt);
        entry.value = `Bearer ${token}`;
        return entry.value;
      }),
    };
    tokens.set(key, entry);
    entry.header.catch(() => tokens.delete(key));
    return await unlessAborted(entry.header, signal);
  };

  const headerFor = async (
    access: AccessRequest,
    demand: Demand,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> => {
    const found = await find(access, signal);
    if (found?.type === 'bearer') return `Bearer ${found.token}`;
    if (demand.scheme === 'bearer') return await tokenHeader(access, demand, found, signal);
    const usable =
      found?.type === 'basic' &&
      found.username !== '' &&
      found.password !== '' &&
      !found.username.includes(':');
    return usable ? basicHeader(found.username, found.password) : undefined;
  };

  return {
    async header(access, signal) {
      const demand = demands.get(access.endpoint.domain);
      return demand === undefined ? undefined : await headerFor(access, demand, signal);
    },

    async strangerToken(response, signal) {
      const challenges = parseChallenges(headersOf(response.headers, 'www-authenticate'));
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
      if (bearer === undefined) return undefined;
      const { url } = response;
      const { realm, service, scope } = bearer.parameters;
      const { token } = await requestToken(sendPlain, {
        realm: checkRealm(realm, url, allowPrivateAddresses),
        service,
        scopes: splitScopes(scope),
        credentials: undefined,
        host: url.host,
        signal,
      });
      return `Bearer ${token}`;
    },

    async answer(access, { response, sent, fresh }, signal) {
      const { domain, base } = access.endpoint;
      const challenges = parseChallenges(headersOf(response.headers, 'www-authenticate'));
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
      const demand =
        bearer === undefined ? basicDemand(challenges) : bearerDemand(bearer, base, allowPrivateAddresses);
      if (demand === undefined) throw unknownDemand(domain, challenges);
      const demanded = splitScopes(bearer?.parameters['scope']);
      const found = await find(access, signal);
      if (sent !== undefined) {
        const insufficient = fresh || bearer?.parameters['error'] === 'insufficient_scope';
        if (
          demand.scheme === 'basic' ||
          found?.type === 'bearer' ||
          (insufficient && coversScopes(access.scopes, demanded))
        )
          throw denied(access, found);
        for (const [key, token] of tokens) if (token.value === sent) tokens.delete(key);
      }
      demands.set(domain, demand);
      // What is newly demanded goes first: some token servers honour only the first scope.
      const scopes = mergeScopes([...demanded, ...access.scopes]);
      const header = await headerFor({ ...access, scopes }, demand, signal);
      if (header === undefined || header === sent) throw denied(access, found);
      return { header, scopes };
    },
  };
}

/**
 * When to stop using a token. One that was issued a while ago has less of its life left; clocks that differ so much that it
 * would be dead already, or come from the future, are not believed.
 */
function expiryOf(now: number, lifetime: number, issuedAt: number | undefined): number {
  const believable = issuedAt !== undefined && issuedAt <= now && issuedAt + lifetime * USABLE_SHARE > now;
  return (believable ? issuedAt : now) + lifetime * USABLE_SHARE;
}

/** The error for a request that was refused with the best header there is. */
function denied({ endpoint, path }: AccessRequest, found: Credentials | undefined): RegistryError {
  const { domain } = endpoint;
  const what = path === undefined ? 'the registry' : `${domain}/${path}`;
  return found === undefined
    ? new RegistryError(`${domain} wants a login for ${what}`, {
        code: 'REGISTRY_UNAUTHORIZED',
        status: 401,
        host: domain,
        repository: path,
        hint: `log in first: img login ${domain}`,
      })
    : new RegistryError(`${domain} denied access to ${what}`, {
        code: 'REGISTRY_DENIED',
        status: 401,
        host: domain,
        repository: path,
        hint: `check the name, or log in with an account that may do this: img login ${domain}`,
      });
}

function basicDemand(challenges: readonly Challenge[]): Demand | undefined {
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

function bearerDemand(challenge: Challenge, registry: URL, allowPrivateAddresses: boolean): Demand {
  const { realm, service } = challenge.parameters;
  return { scheme: 'bearer', realm: checkRealm(realm, registry, allowPrivateAddresses), service };
}

function unknownDemand(host: string, challenges: readonly Challenge[]): RegistryError {
  const names = challenges.map(({ scheme }) => scheme).join(', ');
  const what = names === '' ? 'does not say how' : `knows only ${names}`;
  return new RegistryError(`${host} wants a login but ${what}`, {
    code: 'REGISTRY_UNAUTHORIZED',
    status: 401,
    host,
  });
}
