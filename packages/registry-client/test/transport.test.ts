// SPDX-License-Identifier: MIT

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { closeLater, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

describe('a redirect', () => {
  test('to another origin carries no credentials and no headers of the registry, also after coming back', async () => {
    const [registry, elsewhere] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry);
    const login = fixedCredentials({ [registry.host]: { type: 'bearer', token: 'secret' } });
    const { client } = openClient({
      credentials: login,
      hosts: { [registry.host]: { headers: { 'x-team': 'secret', cookie: 'secret' } } },
    });
    registry.once(
      /\/blobs\//,
      { status: 401, headers: { 'www-authenticate': 'Bearer realm="http://localhost/x"' } },
      { status: 307, headers: { location: `${elsewhere.origin}/storage?signature=abc` } },
    );
    elsewhere.once(/storage/, { status: 302, headers: { location: `${registry.origin}/back` } });
    registry.once(/\/back/, { status: 302, headers: { location: `${elsewhere.origin}/final` } });
    elsewhere.once(/final/, { status: 200, body: layerBytes });

    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);

    expect(registry.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-team': 'secret',
      cookie: 'secret',
    });
    for (const { headers } of [...elsewhere.requests, ...registry.requests.slice(2)]) {
      expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['authorization']));
      expect(JSON.stringify(headers)).not.toContain('secret');
    }
    expect(elsewhere.requests.map(({ path }) => path)).toEqual(['/storage?signature=abc', '/final']);
  });

  test('that never ends is given up', async () => {
    const registry = await openRegistry();
    registry.always(/./, { status: 307, headers: { location: '/v2/app/manifests/1' } });

    const error = await failureOf(openClient().client.resolve(storeImage(registry).reference));

    expect(error).toMatchObject({ code: 'REGISTRY_REDIRECT_REFUSED' });
    expect(registry.requests).toHaveLength(11);
  });

  test.each([['file:///etc/passwd'], ['http://[broken'], ['javascript:1']])(
    'to %s is refused',
    async (location) => {
      const registry = await openRegistry();
      registry.always(/./, { status: 302, headers: { location } });

      expect((await failureOf(openClient().client.resolve(storeImage(registry).reference))).code).toBe(
        'REGISTRY_PROTOCOL',
      );
    },
  );

  test('into the metadata service of a cloud is refused', async () => {
    const registry = await openRegistry();
    registry.always(/./, { status: 302, headers: { location: 'http://169.254.169.254/latest' } });

    expect((await failureOf(openClient().client.resolve(storeImage(registry).reference))).code).toBe(
      'REGISTRY_REDIRECT_REFUSED',
    );
  });
});

describe('TLS', () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates(await temporaryFolder());
  });
  const openTls = async (clientCa?: string) =>
    await openRegistry({ tls: { cert: certificates.server.cert, key: certificates.server.key, clientCa } });
  const folderFor = async (host: string, files: Readonly<Record<string, string>>): Promise<string> => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, host));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, host, name), text);
    return folder;
  };

  test('is refused without the CA, and says where to put it', async () => {
    const registry = await openTls();
    const { reference } = storeImage(registry);
    const { client, timing } = openClient();

    const error = await failureOf(client.resolve(reference));

    expect(error).toMatchObject({ code: 'REGISTRY_TLS', temporary: false, host: registry.host });
    expect(error.hint).toContain(`/etc/docker/certs.d/${registry.host}/ca.crt`);
    expect([registry.requests.length, timing.sleeps.length]).toEqual([0, 0]);
  });

  test('trusts the CA from the folder of the host, from the options and from the settings', async () => {
    const registry = await openTls();
    const { reference } = storeImage(registry);
    const { cert: ca } = certificates.ca;
    const folder = await folderFor(registry.host, { 'ca.crt': ca });

    await openClient({ tls: { certificateFolders: [await temporaryFolder(), folder] } }).client.resolve(
      reference,
    );
    await openClient({ tls: { ca } }).client.resolve(reference);
    await openClient({ hosts: { [registry.host]: { ca } } }).client.resolve(reference);
    await openClient({ hosts: { [registry.host]: { insecure: true } } }).client.resolve(reference);

    expect(registry.requests).toHaveLength(4);
  });

  test('presents the certificate of the folder to a host that wants one', async () => {
    const registry = await openTls(certificates.ca.cert);
    const { reference } = storeImage(registry);
    const ca = { 'ca.crt': certificates.ca.cert };
    const bare = await folderFor(registry.host, ca);
    const full = await folderFor(registry.host, {
      ...ca,
      'client.cert': certificates.client.cert,
      'client.key': certificates.client.key,
    });

    const error = await failureOf(
      openClient({ tls: { certificateFolders: [bare] } }).client.resolve(reference),
    );
    await openClient({ tls: { certificateFolders: [full] } }).client.resolve(reference);

    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(registry.requests).toHaveLength(1);
  });

  test('never leads back to http', async () => {
    const [registry, plain] = [await openTls(), await openRegistry()];
    const { reference } = storeImage(registry);
    const { client } = openClient({ tls: { ca: certificates.ca.cert } });
    registry.once(
      /./,
      { status: 302, headers: { location: `${plain.origin}/v2/` } },
      { status: 401, headers: { 'www-authenticate': `Bearer realm="${plain.origin}/token"` } },
    );

    expect((await failureOf(client.resolve(reference))).code).toBe('REGISTRY_REDIRECT_REFUSED');
    expect((await failureOf(client.resolve(reference))).code).toBe('REGISTRY_REDIRECT_REFUSED');
    expect(plain.requests).toHaveLength(0);
  });
});

describe('plain http', () => {
  test('is found out on a loopback host before any credential is sent, once', async () => {
    const greetings: string[] = [];
    const registry = await openRegistry();
    const relay = await openRelay(registry.host, (first) => greetings.push(first));
    const { reference } = storeImage(registry);
    const { client } = openClient({
      credentials: fixedCredentials({ [relay]: { type: 'basic', username: 'a', password: 'b' } }),
    });

    await client.resolve({ ...reference, domain: relay });
    await client.resolve({ ...reference, domain: relay });

    // 0x16 opens a TLS handshake.
    const handshakes = greetings.map((greeting) => greeting.charCodeAt(0) === 0x16);
    expect(handshakes.slice(0, 2)).toEqual([true, false]);
    expect(handshakes.lastIndexOf(true)).toBe(0);
  });

  test('is used at once where the settings say so', async () => {
    const registry = await openRegistry();

    await openClient({ hosts: { [registry.host]: { plainHttp: true } } }).client.resolve(
      storeImage(registry).reference,
    );

    expect(registry.requests).toHaveLength(1);
  });
});

describe('an unreachable registry', () => {
  test('is tried a few times and then named', async () => {
    const server = createServer();
    const host = await listening(server);
    server.close();
    await once(server, 'close');
    const { client, timing } = openClient({ hosts: { [host]: { plainHttp: true } } });

    const error = await failureOf(client.resolve({ domain: host, path: 'x', tag: '1' }));

    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      temporary: true,
      message: `cannot reach ${host}: connection refused`,
    });
    expect(timing.sleeps).toHaveLength(2);
  });

  test('whose name nobody knows is named, after a few tries at most', async () => {
    const { client, timing } = openClient();

    const error = await failureOf(client.resolve({ domain: 'registry.invalid', path: 'x', tag: '1' }));

    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('registry.invalid'),
    });
    expect(error.message).toMatch(
      /^cannot reach registry\.invalid: (?:no such host|host name lookup failed)$/,
    );
    expect(timing.sleeps.length).toBeLessThanOrEqual(5);
  });
});

describe('a busy registry', () => {
  test('that recovers is not noticed', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(/./, { status: 503 }, { status: 500 }, ({ request }) => void request.socket.destroy());
    const { client, timing } = openClient();

    await client.resolve(reference);

    expect(timing.sleeps).toEqual([200, 400, 800]);
  });

  test.each([
    ['in seconds', '2', [2000]],
    ['as a date', 'Thu, 01 Jan 2026 00:00:07 GMT', [7000]],
    ['for an hour', '3600', [60_000]],
  ])('that says %s when to come back is obeyed, up to a minute', async (_name, value, sleeps) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(/./, { status: 429, headers: { 'retry-after': value } });
    const { client, timing } = openClient();

    await client.resolve(reference);

    expect(timing.sleeps).toEqual(sleeps);
  });

  test('that stays busy is an error about the rate', async () => {
    const registry = await openRegistry();
    registry.always(/./, {
      status: 429,
      headers: { 'content-type': 'application/json' },
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow\\u001b[31m down"}]}',
    });
    const { client, timing } = openClient();

    const error = await failureOf(client.manifest(storeImage(registry).reference));

    expect(error).toMatchObject({
      code: 'REGISTRY_RATE_LIMITED',
      status: 429,
      temporary: true,
      errors: [{ code: 'TOOMANYREQUESTS', message: 'slow\u001b[31m down' }],
    });
    expect(error.message).toContain('limits the rate of requests');
    expect(error.message).toMatch(/: slow \[31m down$/);
    expect(timing.sleeps).toEqual([200, 400, 800, 1600, 3200]);
  });
});

describe('something that is no registry', () => {
  test('answers with a page that is not taken for a manifest', async () => {
    const registry = await openRegistry();
    registry.always(/./, {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html>please log in</html>',
    });

    const error = await failureOf(openClient().client.resolve(storeImage(registry).reference));

    expect(error).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('sent a web page'),
    });
  });

  test('answers "not found" with a page that is not quoted', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/./, {
      status: 404,
      headers: { 'content-type': 'text/html' },
      body: '<html>{"errors":[]}</html>',
    });

    expect(await failureOf(openClient().client.manifest(reference))).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: `${registry.host}/app:1 not found`,
      errors: [],
    });
  });

  test('answers with an endless error of which little is read', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/./, {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ errors: [{ code: 'X', message: 'y'.repeat(1_000_000) }] }),
    });
    const short = await failureOf(openClient().client.manifest(reference));
    expect(short.code).toBe('REGISTRY_REFUSED');
    expect(short.message.length).toBeLessThan(600);
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Passes connections on and tells how each of them began. */
async function openRelay(host: string, tell: (first: string) => void): Promise<string> {
  const { connect } = await import('node:net');
  const [address = '', port] = host.split(':');
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    socket.once('data', (first) => tell(first.toString('latin1')));
    const upstream = connect(Number(port), address);
    for (const one of [socket, upstream]) {
      sockets.add(one);
      one.on('error', () => {});
    }
    socket.pipe(upstream).pipe(socket);
  });
  const relay = await listening(server);
  closeLater({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
  return relay;
}
