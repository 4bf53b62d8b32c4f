// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Credentials, createCredentialStore, fixedCredentials, login } from '../src/index.ts';
import type { Exchange, ScriptedRegistry } from '../src/testing/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { blobOf, failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { guardWithTokens } from './support/token-server.ts';

const ALICE = { type: 'basic', username: 'alice', password: 's3cret&more' } as const;
const USERS = { alice: ALICE.password };
const loginAt = ({ host }: ScriptedRegistry, credentials: Credentials = ALICE) => ({
  credentials: fixedCredentials({ [host]: credentials }),
});
const wantsToken = (realm: string) => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer realm="${realm}",service="test"` },
});

describe('a token server without GET', () => {
  test.each([401, 404, 405])('that answers it with %i gets the password by POST', async (status) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: USERS });
    registry.once(/^GET \/token/, { status });

    await openClient(loginAt(registry)).client.resolve(reference);

    const posted = registry.requests.find(({ method }) => method === 'POST');
    expect(posted?.path).toBe('/token');
    expect(posted?.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(posted?.headers).not.toHaveProperty('authorization');
    expect(Object.fromEntries(new URLSearchParams(posted?.body.toString()))).toEqual({
      grant_type: 'password',
      username: 'alice',
      password: ALICE.password,
      access_type: 'online',
      client_id: 'img-build',
      service: 'test',
      scope: 'repository:app:pull',
    });
  });

  test('is asked for all scopes in one text', async () => {
    const registry = await openRegistry();
    const { layerBytes } = storeImage(registry);
    const server = guardWithTokens(registry, { users: USERS });
    registry.once(/^GET \/token/, { status: 404 }, { status: 404 });

    const outcome = await openClient(loginAt(registry)).client.pushBlob(
      { domain: registry.host, path: 'other' },
      { ...blobOf(layerBytes), mountFrom: ['app'] },
    );

    expect(outcome).toBe('mounted');
    expect(server.asked.at(-1)).toMatchObject({
      method: 'POST',
      scopes: ['repository:other:pull,push', 'repository:app:pull'],
    });
  });

  test('is asked for an identity token by a login', async () => {
    const registry = await openRegistry();
    guardWithTokens(registry, { users: USERS });
    registry.once(/^GET \/token/, { status: 405 });
    registry.once(/^POST \/token/, async ({ read, response, request, url }) => {
      const form = new URLSearchParams((await read()).toString());
      expect([request.url, url.search, form.get('access_type')]).toEqual(['/token', '', 'offline']);
      response.end('{"access_token":"for-now","refresh_token":"for-long"}');
    });
    registry.once(/ \/v2\/$/, wantsToken(`${registry.origin}/token`), { status: 200 });
    const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

    await login(registry.host, ALICE, { store, environment: {} });

    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer for-now');
    expect(await store.find(registry.host, 'app')).toMatchObject({
      type: 'identity-token',
      token: 'for-long',
    });
  });
});

describe('a token', () => {
  test.each<[string, string, string]>([
    ['of two kinds is the access token', '{"token":"one","access_token":"two"}', 'two'],
    ['may be empty where there is another', '{"token":"one","access_token":""}', 'one'],
    ['may be as long as those of GitLab', `{"token":"${'x'.repeat(9000)}"}`, 'x'.repeat(9000)],
  ])('%s', async (_name, body, token) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(/ \/v2\//, wantsToken(`${registry.origin}/token`));
    registry.once(/\/token/, { status: 200, body });

    await openClient().client.resolve(reference);

    expect(registry.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${token}`);
  });

  test('is there before the first byte of a blob travels', async () => {
    const registry = await openRegistry();
    guardWithTokens(registry, { users: USERS });
    const blob = blobOf(Buffer.alloc(500_000, 'a layer. '));

    await openClient(loginAt(registry)).client.pushBlob({ domain: registry.host, path: 'new' }, blob);

    expect(registry.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(1);
    expect(registry.requests.at(-1)?.headers['authorization']).toMatch(/^Bearer token-/);
  });

  test('that dies between two chunks is replaced, and the chunk is sent again from its beginning', async () => {
    const registry = await openRegistry();
    const server = guardWithTokens(registry);
    const bytes = Buffer.from(Array.from({ length: 1_200_000 }, (_, at) => `${at}`.padStart(8)).join(''));
    const blob = blobOf(bytes);
    registry.once(/^PUT/, ({ request, response }) => {
      request.resume();
      response.writeHead(413, { connection: 'close' }).end();
    });
    registry.once(
      /^PATCH/,
      async ({ proceed }) => await proceed(),
      async ({ read, response }: Exchange) => {
        await read();
        server.revoke();
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="${registry.origin}/token",service="test",error="invalid_token"`,
          })
          .end();
      },
    );
    const { client } = openClient();

    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, blob)).toBe('uploaded');

    const patches = registry.requests.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ headers }) => headers['content-range'])).toEqual([
      '0-4194303',
      '4194304-8388607',
      '4194304-8388607',
      '8388608-9599999',
    ]);
    expect(new Set(patches.map(({ headers }) => headers['authorization'])).size).toBe(2);
    expect(server.asked).toHaveLength(2);
    expect(registry.storage.repository('new').blobs.get(blob.descriptor.digest)?.equals(bytes)).toBe(true);
  });

  test('for deleting may delete', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry);
    const { client } = openClient();
    const { digest } = await client.resolve(reference);

    await client.deleteManifest(reference, digest);

    expect(server.asked.map(({ scopes }) => scopes)).toEqual([
      ['repository:app:pull'],
      ['repository:app:delete,pull,push'],
    ]);
    expect(registry.storage.repository('app').manifests.size).toBe(0);
  });

  test('for a mount is not used for the upload that takes its place', async () => {
    const registry = await openRegistry();
    const { layerBytes } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/^POST .*mount=/, { status: 404 });

    const outcome = await openClient().client.pushBlob(
      { domain: registry.host, path: 'third' },
      { ...blobOf(layerBytes), mountFrom: ['app'] },
    );

    expect(outcome).toBe('uploaded');
    const tokenOf = (pattern: RegExp): string | undefined =>
      registry.requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).at(-1)?.headers[
        'authorization'
      ];
    expect(tokenOf(/^POST .*mount=/)).not.toBe(tokenOf(/^PUT/));
    expect(tokenOf(/^PUT/)).toBe(tokenOf(/^HEAD/));
  });
});

describe('a token server that is no good', () => {
  test('is quoted with 200 characters of its page', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/\/token/, { status: 200, body: `<html>${'x'.repeat(100_000)}` });

    const { message } = await failureOf(openClient().client.resolve(reference));

    expect(message).toBe(
      `no token in the answer of ${registry.origin}/token, the token server of ${registry.host}: <html>${'x'.repeat(194)}`,
    );
  });

  test('has its answer read to a limit', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/\/token/, ({ response }) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });

    expect((await failureOf(openClient().client.resolve(reference))).code).toBe('REGISTRY_PROTOCOL');
  });

  test('is asked again when its answer breaks off', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry);
    registry.once(/\/token/, ({ response, request }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"token":"half', () => request.socket.resetAndDestroy());
    });

    await openClient().client.resolve(reference);

    expect(server.asked).toHaveLength(1);
    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer token-1');
  });

  test('may not redirect into the metadata service of a cloud', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: USERS });
    registry.once(/\/token/, { status: 302, headers: { location: 'http://169.254.169.254/token' } });

    const error = await failureOf(openClient(loginAt(registry)).client.resolve(reference));

    expect(error).toMatchObject({
      code: 'REGISTRY_REDIRECT_REFUSED',
      message: expect.stringContaining('the address is private'),
    });
  });

  describe('over TLS', () => {
    let certificates: Certificates;
    beforeAll(async () => {
      certificates = await makeCertificates(await temporaryFolder());
    });

    test('may not redirect to http', async () => {
      const { server, ca } = certificates;
      const tokens = await openRegistry({ tls: { cert: server.cert, key: server.key } });
      const [registry, plain] = [await openRegistry(), await openRegistry()];
      const { reference } = storeImage(registry);
      registry.always(/ \/v2\//, wantsToken(`${tokens.origin}/token`));
      tokens.always(/./, { status: 307, headers: { location: `${plain.origin}/token` } });

      const { client } = openClient({ ...loginAt(registry), tls: { ca: ca.cert } });

      expect((await failureOf(client.resolve(reference))).code).toBe('REGISTRY_REDIRECT_REFUSED');
      expect([tokens.requests.length, plain.requests.length]).toEqual([1, 0]);
    });
  });
});
