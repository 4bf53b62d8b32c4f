// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { parseChallenges } from './auth/challenge.ts';
import { checkRealm } from './auth/realm.ts';
import { basicHeader, requestToken, type TokenAnswer } from './auth/token-request.ts';
import type { CredentialStore, Credentials, SavedCredentials } from './credentials/credentials.ts';
import { headersOf } from './http/message.ts';
import { createClientSession, type RegistryClientOptions } from './registry-client.ts';
import { RegistryError } from './registry-error.ts';
import { type RegistryCall, type Session, unexpected } from './session.ts';

/** Who logs in. */
export interface Account {
  readonly username: string;
  readonly password: string;
}

/** How to log in: like a client, but the account given counts instead of stored credentials. */
export interface LoginOptions extends AbortOptions, Omit<RegistryClientOptions, 'credentials'> {
  /** Where the login is kept. */
  readonly store: CredentialStore;
}

/**
 * Proves a name and password to a registry and keeps them, or the identity token the registry gives for them; tells where.
 *
 * @param domain - as in references; see `serverDomain` for what users write.
 * @throws RegistryError `REGISTRY_UNAUTHORIZED` when the registry refuses them, and nothing is kept;
 *   `REGISTRY_CREDENTIALS_INVALID` when they cannot be kept.
 */
export async function login(
  domain: string,
  { username, password }: Account,
  options: LoginOptions,
): Promise<SavedCredentials> {
  if (username === '' || username.includes(':'))
    throw invalid(domain, 'the user name must not be empty or hold a colon');
  if (password === '') throw invalid(domain, 'the password must not be empty');
  const { store, signal, ...client } = options;
  const { session, close } = createClientSession(client);
  try {
    const token = await prove(session, domain, { type: 'basic', username, password }, signal);
    const kept: Credentials =
      token === undefined
        ? { type: 'basic', username, password }
        : { type: 'identity-token', token, username };
    return await store.save(domain, kept, { signal });
  } finally {
    await close();
  }
}

/** Forgets a login; tells whether there was one. */
export async function logout(
  domain: string,
  { store, signal }: Pick<LoginOptions, 'store' | 'signal'>,
): Promise<boolean> {
  return await store.erase(domain, { signal });
}

/** Gives the identity token when the registry has one for us. */
async function prove(
  session: Session,
  domain: string,
  credentials: Credentials & { type: 'basic' },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const call: RegistryCall = {
    method: 'GET',
    reference: { domain, path: '' },
    at: '',
    scopes: [],
    what: `the registry API of ${domain}`,
    signal,
    anonymous: true,
  };
  const response = await session.call(call);
  // A registry without authentication takes anybody.
  if (response.status === 200) {
    response.discard();
    return undefined;
  }
  if (response.status !== 401) throw await unexpected(response, call);
  response.discard();
  const challenges = parseChallenges(headersOf(response.headers, 'www-authenticate'));
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  const endpoint = await session.findEndpoint(call.reference, signal);
  let answer: TokenAnswer | undefined;
  if (bearer !== undefined) {
    const realm = checkRealm(bearer.parameters['realm'], endpoint.base, session.allowPrivateAddresses);
    answer = await requestToken(session.sendForTokens(endpoint), {
      realm,
      service: bearer.parameters['service'],
      scopes: [],
      credentials,
      offline: true,
      host: domain,
      signal,
    });
  } else if (!challenges.some(({ scheme }) => scheme === 'basic')) {
    throw new RegistryError(`${domain} wants a login but knows neither tokens nor passwords`, {
      code: 'REGISTRY_UNAUTHORIZED',
      status: 401,
      host: domain,
    });
  }
  const authorization =
    answer === undefined ? basicHeader(credentials.username, credentials.password) : `Bearer ${answer.token}`;
  const second = await session.call({ ...call, headers: { authorization } });
  if (second.status === 401 || second.status === 403) {
    second.discard();
    throw new RegistryError(`${domain} refused the user name or password`, {
      code: 'REGISTRY_UNAUTHORIZED',
      status: second.status,
      host: domain,
    });
  }
  if (second.status !== 200) throw await unexpected(second, call);
  second.discard();
  return answer?.refreshToken;
}

function invalid(domain: string, why: string): RegistryError {
  return new RegistryError(`cannot log in to ${domain}: ${why}`, {
    code: 'REGISTRY_CREDENTIALS_INVALID',
    host: domain,
  });
}
