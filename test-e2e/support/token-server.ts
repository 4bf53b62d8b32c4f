// SPDX-License-Identifier: MIT
import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificates } from './certificates.ts';

/** A server that gives out tokens a registry believes. */
export interface TokenServer {
  /** Its address, for the registry's configuration. */
  readonly realm: string;
  /** Its name, and that of the service the tokens are for. */
  readonly issuer: string;
  /** The scopes it was asked for, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const ISSUER = 'token-server.test';

/**
 * Starts a token server over TLS on a free loopback port: whoever names a user of `users` with the right password may do
 * everything, everybody else may read. Tokens are signed with the server's own key.
 *
 * @see distribution token spec, token.md and jwt.md
 */
export async function startTokenServer(
  certificates: Certificates,
  users: Readonly<Record<string, string>>,
): Promise<TokenServer> {
  const cert = readFileSync(certificates.certificate);
  const key = readFileSync(certificates.key, 'utf8');
  const chain = [new X509Certificate(cert).raw.toString('base64')];
  const asked: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://server');
    const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
    const account = accountOf(request.headers.authorization);
    const known = account !== undefined && users[account.name] === account.password;
    asked.push(...scopes);
    if (request.method !== 'GET' || (account !== undefined && !known)) {
      response.writeHead(account === undefined ? 405 : 401).end();
      return;
    }
    const token = tokenFor(scopes, account?.name ?? '', known, { key, chain });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ token, expires_in: 60 }));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    realm: `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    issuer: ISSUER,
    asked,
    async stop() {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      server.closeAllConnections();
      await closed;
    },
  };
}

function accountOf(
  authorization: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const [, text] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
  if (text === undefined) return undefined;
  const pair = Buffer.from(text, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function tokenFor(
  scopes: readonly string[],
  subject: string,
  all: boolean,
  { key, chain }: { readonly key: string; readonly chain: readonly string[] },
): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.flatMap((scope) => {
    const [, type, name, actions = ''] = /^([a-z]+):(.+):([a-z,*]+)$/.exec(scope) ?? [];
    if (type === undefined) return [];
    return [{ type, name, actions: actions.split(',').filter((action) => all || action === 'pull') }];
  });
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: ISSUER,
    sub: subject,
    aud: ISSUER,
    exp: now + 60,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const text = `${encode({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
