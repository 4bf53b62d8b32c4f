// SPDX-License-Identifier: MIT
import { createSign, randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from './certificates.ts';

/** A token server whose tokens docker-registry believes. */
export interface SignedTokenServer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Scopes tokens were made for. */
  readonly granted: readonly string[];
  close(): Promise<void>;
}

/** Starts a token server for one account. @param signer - an EC key whose certificate the registry's bundle vouches for */
export async function startSignedTokenServer(
  signer: Identity,
  account: { readonly username: string; readonly password: string },
): Promise<SignedTokenServer> {
  const [service, issuer] = ['registry.test', 'token.test'];
  const granted: string[] = [];
  const expected = `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://token');
    if (request.headers.authorization !== expected) return void response.writeHead(401).end();
    const scopes = url.searchParams.getAll('scope').flatMap((text) => text.split(' '));
    granted.push(...scopes);
    const now = Math.floor(Date.now() / 1000);
    const token = signed(signer, {
      iss: issuer,
      sub: account.username,
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: scopes.map((scope) => {
        const [type = '', name = '', actions = ''] = scope.split(':');
        return { type, name, actions: actions.split(',') };
      }),
    });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token, expires_in: 300 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    service,
    issuer,
    granted,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A JSON Web Token with its certificate inside. @see RFC 7515 §4.1.6; distribution token spec, jwt.md */
function signed(signer: Identity, claims: object): string {
  const certificate = new X509Certificate(signer.cert).raw.toString('base64');
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encoded({ typ: 'JWT', alg: 'ES256', x5c: [certificate] })}.${encoded(claims)}`;
  const signature = createSign('sha256')
    .update(text)
    .sign({ key: signer.key, dsaEncoding: 'ieee-p1363' }, 'base64url');
  return `${text}.${signature}`;
}
