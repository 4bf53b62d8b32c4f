// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { startProxy, type TestProxy } from './support/proxy.ts';
import {
  blobOf,
  closeLater,
  failureOf,
  openClient,
  openRegistry,
  readAll,
  storeImage,
} from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { guardWithTokens } from './support/token-server.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates(await temporaryFolder());
});

const openTls = async (): Promise<ScriptedRegistry> =>
  await openRegistry({ tls: { cert: certificates.server.cert, key: certificates.server.key } });
const openProxy = async (places: Readonly<Record<string, string>>, refuse?: number): Promise<TestProxy> =>
  closeLater(await startProxy(places, refuse));

describe('a proxy', () => {
  test('is asked for tunnels to https, through which every byte goes and in which it sees nothing', async () => {
    const registry = await openTls();
    const { layer, layerBytes } = storeImage(registry, 2_000_000);
    const proxy = await openProxy({ 'registry.test:443': registry.host });
    const { client } = openClient({
      environment: { HTTPS_PROXY: `http://${proxy.address}` },
      tls: { ca: certificates.ca.cert },
      credentials: fixedCredentials({ 'registry.test': { type: 'bearer', token: 'secret' } }),
    });
    registry.once(/blobs/, { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });

    const bytes = await readAll(client.blob({ domain: 'registry.test', path: 'app', tag: '1' }, layer));
    await client.pushBlob({ domain: 'registry.test', path: 'new' }, blobOf(Buffer.alloc(1_000_000, 'y')));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(new Set(proxy.passages.map(({ method, target }) => `${method} ${target}`))).toEqual(
      new Set(['CONNECT registry.test:443']),
    );
    const sum = (pick: (passage: TestProxy['passages'][number]) => number): number =>
      proxy.passages.reduce((total, passage) => total + pick(passage), 0);
    expect(sum(({ received }) => received)).toBeGreaterThan(2_000_000);
    expect(sum(({ sent }) => sent)).toBeGreaterThan(1_000_000);
    expect(JSON.stringify(proxy.passages)).not.toContain('secret');
    expect(registry.requests.some(({ headers }) => headers['authorization'] === 'Bearer secret')).toBe(true);
  });

  test('is given whole addresses of plain http', async () => {
    const registry = await openRegistry();
    const { layer, layerBytes } = storeImage(registry, 500_000);
    const proxy = await openProxy({ 'registry.test:80': registry.host });
    const { client } = openClient({
      environment: { http_proxy: proxy.address },
      hosts: { 'registry.test': { plainHttp: true } },
    });

    const bytes = await readAll(client.blob({ domain: 'registry.test', path: 'app', tag: '1' }, layer));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(proxy.passages).toEqual([
      expect.objectContaining({
        method: 'GET',
        target: `http://registry.test/v2/app/blobs/${layer.digest}`,
        received: 500_000,
      }),
    ]);
  });

  test('gets its own login, which the registry never sees', async () => {
    const registry = await openTls();
    storeImage(registry);
    const proxy = await openProxy({ 'registry.test:443': registry.host });
    const { client, events } = openClient({
      environment: { HTTPS_PROXY: `http://proxy-user:pr%40xy@${proxy.address}` },
      tls: { ca: certificates.ca.cert },
    });

    await client.resolve({ domain: 'registry.test', path: 'app', tag: '1' });

    const login = `Basic ${Buffer.from('proxy-user:pr@xy').toString('base64')}`;
    expect(proxy.passages[0]?.headers['proxy-authorization']).toBe(login);
    expect(registry.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(JSON.stringify(events)).not.toContain('pr@xy');
  });

  test('leads to the token server too, which the CA of the registry may vouch for', async () => {
    const [registry, tokens] = [await openTls(), await openTls()];
    storeImage(registry);
    tokens.always(/\/token/, { status: 200, body: '{"token":"abc"}' });
    registry.once(/ \/v2\//, {
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token",service="s"' },
    });
    const proxy = await openProxy({ 'registry.test:443': registry.host, 'auth.test:443': tokens.host });
    const options = { environment: { HTTPS_PROXY: `http://${proxy.address}` } };
    const wanted = { domain: 'registry.test', path: 'app', tag: '1' };

    const { client } = openClient({ ...options, hosts: { 'registry.test': { ca: certificates.ca.cert } } });
    await client.resolve(wanted);
    expect(registry.requests[1]?.headers['authorization']).toBe('Bearer abc');

    // A registry whose certificate is not looked at does not make its token server any less suspicious.
    registry.once(/ \/v2\//, {
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token",service="s"' },
    });
    const loose = openClient({ ...options, hosts: { 'registry.test': { insecure: true } } });
    expect((await failureOf(loose.client.resolve(wanted))).code).toBe('REGISTRY_TLS');
    expect(tokens.requests).toHaveLength(1);
  });

  test('that leads to a server without TLS does not make anything go unencrypted', async () => {
    const registry = await openRegistry();
    guardWithTokens(registry);
    const proxy = await openProxy({ 'registry.test:443': registry.host });
    const { client } = openClient({ environment: { HTTPS_PROXY: `http://${proxy.address}` } });

    const error = await failureOf(client.resolve({ domain: 'registry.test', path: 'app', tag: '1' }));

    expect(error).toMatchObject({ code: 'REGISTRY_TLS', message: 'registry.test does not speak TLS' });
    expect(registry.requests).toEqual([]);
  });

  test.each([
    [407, 0, 'put it into its address'],
    [403, 0, 'NO_PROXY'],
    [503, 5, 'NO_PROXY'],
  ])('that answers %i itself is named, without its login', async (status, repetitions, hint) => {
    const proxy = await openProxy({}, status);
    for (const variable of ['HTTPS_PROXY', 'HTTP_PROXY']) {
      const { client, timing } = openClient({
        environment: { [variable]: `http://u:secret@${proxy.address}` },
        hosts: variable === 'HTTP_PROXY' ? { 'registry.test': { plainHttp: true } } : {},
      });
      const error = await failureOf(client.resolve({ domain: 'registry.test', path: 'app', tag: '1' }));

      // For plain http the answer of a proxy cannot be told from one of the registry, but for the one status of its own.
      if (variable === 'HTTP_PROXY' && status !== 407) continue;
      expect(error).toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: `the proxy http://${proxy.address} refused the way to registry.test with status ${status}`,
        hint: expect.stringContaining(hint),
      });
      expect(JSON.stringify([error.message, error.hint])).not.toContain('secret');
      expect(timing.sleeps).toHaveLength(repetitions);
    }
  });

  test('that is not there is named', async () => {
    const proxy = await startProxy({});
    await proxy.close();
    const { client } = openClient({ environment: { ALL_PROXY: `http://${proxy.address}` } });

    const error = await failureOf(client.resolve({ domain: 'registry.test', path: 'app', tag: '1' }));

    expect(error.message).toBe(
      `cannot reach registry.test through the proxy http://${proxy.address}: connection refused`,
    );
  });

  test.each(['socks5://127.0.0.1:1', 'ftp://x', 'http://[broken'])(
    'written %s is an error',
    async (address) => {
      const { client } = openClient({ environment: { HTTPS_PROXY: address } });

      const error = await failureOf(client.resolve({ domain: 'registry.test', path: 'app', tag: '1' }));

      expect(error).toMatchObject({
        code: 'REGISTRY_SETTINGS_INVALID',
        message: expect.stringContaining('HTTPS_PROXY'),
      });
    },
  );

  test('is left aside for hosts that are exempt', async () => {
    const proxy = await openProxy({});
    const { client } = openClient({
      environment: { HTTPS_PROXY: `http://${proxy.address}`, NO_PROXY: '.invalid' },
      retry: { retries: 0 },
    });

    const error = await failureOf(client.resolve({ domain: 'registry.invalid', path: 'app', tag: '1' }));

    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(error.message).not.toContain('proxy');
    expect(proxy.passages).toEqual([]);
  });
});
