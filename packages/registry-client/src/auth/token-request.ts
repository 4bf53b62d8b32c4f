// SPDX-License-Identifier: MIT
import type { Credentials } from '../credentials/credentials.ts';
import { errorFromResponse, isTemporaryStatus } from '../http/error-response.ts';
import { displayUrl, type HttpRequest, type HttpResponse } from '../http/message.ts';
import { readExcerpt } from '../http/read-body.ts';
import { RegistryError } from '../registry-error.ts';
import type { Scope } from './scope.ts';

/** Bytes of a token answer read at most; real ones have some kilobytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Seconds a token lives when its answer does not say. @see distribution token spec, jwt.md */
const DEFAULT_LIFETIME = 60;
/** The OAuth2 flow requires a client to name itself. */
const CLIENT_ID = 'img-build';

/** What to ask a token server for. */
export interface TokenQuery {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly Scope[];
  readonly credentials: Credentials | undefined;
  /** Asks for an identity token too. */
  readonly offline?: boolean | undefined;
  /** The registry, for messages. */
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a token server gave. */
export interface TokenAnswer {
  readonly token: string;
  /** Seconds. */
  readonly lifetime: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly issuedAt?: number | undefined;
  /** An identity token, when one was asked for and granted. */
  readonly refreshToken?: string | undefined;
}

/** Sends a request with redirects and retries, without any authorization of its own. */
export type SendPlain = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Exchanges credentials for a token: GET with Basic for names and passwords, POST for identity tokens, each falling back
 * to the other where servers know only one.
 *
 * @throws RegistryError `REGISTRY_UNAUTHORIZED` for refused credentials, `REGISTRY_PROTOCOL` for an answer without token.
 * @see distribution token spec, token.md and oauth.md
 */
export async function requestToken(send: SendPlain, query: TokenQuery): Promise<TokenAnswer> {
  const { credentials } = query;
  if (credentials?.type === 'identity-token') {
    const posted = await send(
      postRequest(query, { grant_type: 'refresh_token', refresh_token: credentials.token }),
    );
    if (posted.status !== 404 && posted.status !== 405) return await readAnswer(posted, query);
    posted.discard();
    return await readAnswer(
      await send(getRequest(query, basicHeader(credentials.username ?? '<token>', credentials.token))),
      query,
    );
  }
  if (credentials?.type !== 'basic') return await readAnswer(await send(getRequest(query, undefined)), query);
  const { username, password } = credentials;
  const got = await send(getRequest(query, basicHeader(username, password)));
  if (got.status !== 401 && got.status !== 404 && got.status !== 405) return await readAnswer(got, query);
  const refusal = await refused(got, query);
  const posted = await send(
    postRequest(query, {
      grant_type: 'password',
      username,
      password,
      access_type: query.offline === true ? 'offline' : 'online',
    }),
  );
  if (posted.status === 200) return await readAnswer(posted, query);
  posted.discard();
  throw refusal;
}

/** The value of an Authorization header for a name and password. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function getRequest(
  { realm, service, scopes, credentials, offline, signal }: TokenQuery,
  authorization: string | undefined,
): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credentials?.type === 'basic') url.searchParams.set('account', credentials.username);
  if (offline === true) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT_ID);
  }
  return {
    method: 'GET',
    url,
    headers: authorization === undefined ? {} : { authorization },
    documentLimit: MAX_ANSWER_BYTES,
    signal,
  };
}

function postRequest(
  { realm, service, scopes, signal }: TokenQuery,
  grant: Readonly<Record<string, string>>,
): HttpRequest {
  const form = new URLSearchParams({ ...grant, client_id: CLIENT_ID });
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    // The form holds a password or a token, which a redirect must not take elsewhere.
    staysHome: true,
    documentLimit: MAX_ANSWER_BYTES,
    body: Buffer.from(form.toString()),
    signal,
  };
}

async function readAnswer(response: HttpResponse, query: TokenQuery): Promise<TokenAnswer> {
  if (response.status !== 200) throw await refused(response, query);
  const text = await readExcerpt(response, MAX_ANSWER_BYTES);
  const { token, access_token, expires_in, issued_at, refresh_token } = jsonObject(text);
  const value = isFilled(access_token) ? access_token : token;
  if (!isFilled(value) || /[^\x21-\x7e]/.test(value)) {
    const where = displayUrl(query.realm);
    throw new RegistryError(
      `no token in the answer of ${where}, the token server of ${query.host}${excerpt(text, query.credentials)}`,
      { code: 'REGISTRY_PROTOCOL', host: query.host },
    );
  }
  const lifetime =
    typeof expires_in === 'number' && Number.isFinite(expires_in) && expires_in > 0
      ? expires_in
      : DEFAULT_LIFETIME;
  const issuedAt = typeof issued_at === 'string' ? Date.parse(issued_at) : Number.NaN;
  return {
    token: value,
    lifetime,
    ...(Number.isNaN(issuedAt) ? {} : { issuedAt }),
    ...(isFilled(refresh_token) ? { refreshToken: refresh_token } : {}),
  };
}

async function refused(response: HttpResponse, query: TokenQuery): Promise<RegistryError> {
  const { host, credentials } = query;
  if (response.status >= 300 && response.status < 400) {
    response.discard();
    return new RegistryError(
      `the token server ${displayUrl(query.realm)} of ${host} wants credentials to be sent elsewhere`,
      { code: 'REGISTRY_REDIRECT_REFUSED', status: response.status, host },
    );
  }
  const { status, errors, message, temporary } = await errorFromResponse(response, {
    what: `token for ${host}`,
    host,
  });
  if (isTemporaryStatus(status ?? 0))
    return new RegistryError(message, {
      code: status === 429 ? 'REGISTRY_RATE_LIMITED' : 'REGISTRY_SERVER_ERROR',
      status,
      errors,
      host,
      temporary,
    });
  if (status === 404)
    return new RegistryError(`the token server of ${host} does not exist at ${displayUrl(query.realm)}`, {
      code: 'REGISTRY_PROTOCOL',
      status,
      errors,
      host,
    });
  if (credentials === undefined) {
    return new RegistryError(`${host} gives no token without a login`, {
      code: 'REGISTRY_UNAUTHORIZED',
      status,
      errors,
      host,
      hint: `log in first: img login ${host}`,
    });
  }
  const expired = credentials.type === 'identity-token';
  const why = expired ? `the login at ${host} has expired` : `${host} refused the user name or password`;
  return new RegistryError(why, {
    code: 'REGISTRY_UNAUTHORIZED',
    status,
    errors,
    host,
    hint: `log in again: img login ${host}`,
  });
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/**
 * The beginning of an answer that is no token. Nothing of one that looks like JSON, which might hold secrets under other
 * names, and nothing of a page that repeats what it was sent.
 */
function excerpt(text: string, credentials: Credentials | undefined): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  const repeats = secretsOf(credentials).some((secret) => text.includes(secret));
  return clean === '' || clean.startsWith('{') || repeats ? '' : `: ${clean.slice(0, 200)}`;
}

/** What was sent that nobody may read, as it was sent. */
function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials?.type === 'basic') {
    const { username, password } = credentials;
    return [password, encodeURIComponent(password), basicHeader(username, password).slice('Basic '.length)];
  }
  return credentials === undefined ? [] : [credentials.token, encodeURIComponent(credentials.token)];
}
