// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import { mirroredBy, mirrorFailures, type TestSettings } from './support/settings.ts';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { guardWithTokens } from './support/token-server.ts';

const open = ({ options }: TestSettings, more = {}) => openClient({ ...options, ...more });

describe('a mirror', () => {
  test('is asked instead of the registry, and told for whom', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(mirror);
    const { client } = open(await mirroredBy(registry, mirror));
    const wanted = { ...reference, domain: registry.host };

    await client.resolve(wanted);
    await client.manifest(wanted);
    const bytes = await readAll(client.blob(wanted, layer));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(registry.requests).toEqual([]);
    const namespaces = mirror.requests.map(({ path }) => new URL(path, mirror.origin).searchParams.get('ns'));
    expect(namespaces).toEqual([registry.host, registry.host, registry.host]);
  });

  test('that lacks something leaves it to the next, and the registry is asked plainly', async () => {
    const [registry, first, second] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const { reference, manifest } = storeImage(registry);
    const { client, events } = open(await mirroredBy(registry, first, second));

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
    expect(registry.trace()).toEqual(['GET /v2/app/manifests/1']);
    expect(mirrorFailures(events)).toEqual([
      expect.objectContaining({
        mirror: first.host,
        host: registry.host,
        reason: expect.stringContaining('not found'),
      }),
      expect.objectContaining({ mirror: second.host }),
    ]);
  });

  test.each([
    ['that wants a login', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }],
    ['that forbids', { status: 403 }],
    ['that fails', { status: 500 }],
    ['that is busy', { status: 429, headers: { 'retry-after': '60' } }],
    ['that leads into a private network', { status: 302, headers: { location: 'http://169.254.169.254/' } }],
    ['that is a web site', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['that sends something else', { status: 200, body: 'no manifest' }],
  ])('%s is passed over at once', async (_name, answer) => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, manifest } = storeImage(registry);
    mirror.always(/./, answer);
    const { client, timing } = open(await mirroredBy(registry, mirror));

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect(mirror.requests).toHaveLength(1);
    expect(timing.sleeps).toEqual([]);
  });

  test('that cannot be reached is left alone for a while', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const dead = createServer().listen(0, '127.0.0.1');
    await once(dead, 'listening');
    const { port } = dead.address() as AddressInfo;
    dead.close();
    await once(dead, 'close');
    const { client, events, timing } = open(await mirroredBy(registry, `http://127.0.0.1:${port}`));

    await client.manifest(reference);
    await client.manifest(reference);
    expect(mirrorFailures(events)).toHaveLength(1);

    timing.advance(61_000);
    await client.manifest(reference);
    expect(mirrorFailures(events)).toHaveLength(2);
  });

  test('that sends the wrong manifest for a digest is not believed', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(registry);
    const { digest } = await openClient().client.resolve(reference);
    const byDigest = { domain: registry.host, path: 'app', digest };
    const other = storeImage(mirror, 10);
    mirror.always(/manifests/, {
      status: 200,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: other.manifest,
    });
    const { client, events } = open(await mirroredBy(registry, mirror));

    expect((await client.manifest(byDigest)).descriptor.digest).toBe(digest);
    await client.manifest(byDigest);

    expect(mirrorFailures(events)).toEqual([
      expect.objectContaining({
        mirror: mirror.host,
        reason: expect.stringContaining('is not what its digest names'),
      }),
    ]);
    expect(mirror.requests).toHaveLength(1);
  });

  test('that sends the wrong bytes for a blob is not asked for it again', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry, 2_000_000);
    mirror.always(/blobs/, { status: 200, body: Buffer.alloc(layer.size, 'x') });
    const { client, events } = open(await mirroredBy(registry, mirror));

    const error = await failureOf(readAll(client.blob(reference, layer)));
    const bytes = await readAll(client.blob(reference, layer));

    expect(error).toMatchObject({ code: 'REGISTRY_DIGEST_MISMATCH', temporary: true });
    expect(bytes.equals(layerBytes)).toBe(true);
    expect(mirrorFailures(events)).toEqual([expect.objectContaining({ mirror: mirror.host })]);
    expect(mirror.requests).toHaveLength(1);
  });

  test.each([
    ['breaks off', (size: number) => Buffer.alloc(size / 2, 'some bytes of a layer, ')],
    ['is too long', (size: number) => Buffer.alloc(size + 1, 'some bytes of a layer, ')],
  ])('whose blob %s is followed by the registry', async (_name, bodyOf) => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry, 46_000);
    mirror.always(/blobs/, ({ response }) => {
      response.writeHead(200, { connection: 'close', 'transfer-encoding': 'identity' });
      response.end(bodyOf(layer.size));
    });
    const { client } = open(await mirroredBy(registry, mirror));

    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(mirror.requests).toHaveLength(1);
  });

  test('keeps its reason when the registry fails as well', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    mirror.always(/./, {
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"errors":[{"code":"DENIED","message":"members only"}]}',
    });
    const { client } = open(await mirroredBy(registry, mirror));

    const error = await failureOf(client.manifest({ domain: registry.host, path: 'app', tag: '1' }));

    expect(error).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      host: registry.host,
      mirrorFailures: [expect.objectContaining({ code: 'REGISTRY_DENIED', host: mirror.host })],
    });
    expect(error.message).toContain(`(mirror ${mirror.host}: `);
    expect(error.message).toContain('members only');
  });

  test('gets its own login and never that of the registry', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(mirror);
    const server = guardWithTokens(mirror, { users: { bob: 'mirror-pass' } });
    const credentials = fixedCredentials({
      [registry.host]: { type: 'basic', username: 'alice', password: 'registry-pass' },
      [mirror.host]: { type: 'basic', username: 'bob', password: 'mirror-pass' },
    });
    const { client } = open(await mirroredBy(registry, mirror), { credentials });

    await client.manifest({ ...reference, domain: registry.host });

    expect(server.asked).toHaveLength(1);
    const sent = mirror.requests.map(({ headers }) =>
      Buffer.from((headers['authorization'] ?? '').replace('Basic ', ''), 'base64').toString(),
    );
    expect(sent.join()).not.toContain('registry-pass');
    expect(registry.requests).toEqual([]);
  });

  test('never gets what is pushed', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { client } = open(await mirroredBy(registry, mirror));
    const image = storeImage(await openRegistry());

    await client.pushBlob({ domain: registry.host, path: 'app' }, blobOf(Buffer.from('layer')));
    await client
      .pushManifest(
        { domain: registry.host, path: 'app', tag: '2' },
        'application/vnd.oci.image.manifest.v1+json',
        image.manifest,
      )
      .catch(() => {});
    for await (const _ of client.tags({ domain: registry.host, path: 'app' })) break;

    expect(mirror.requests).toEqual([]);
    expect(registry.requests.length).toBeGreaterThan(3);
  });

  test('of a whole list is asked in its order', async () => {
    const registry = await openRegistry();
    const mirrors = [await openRegistry(), await openRegistry(), await openRegistry()];
    const { client, events } = open(await mirroredBy(registry, ...mirrors.toReversed()));

    await failureOf(client.resolve({ domain: registry.host, path: 'app', tag: '1' }));

    const order = mirrorFailures(events).map(({ mirror: host }) => host);
    expect(order).toEqual(mirrors.toReversed().map(({ host }) => host));
  });
});
