// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { type TestSettings, writeSettings } from './support/settings.ts';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { guardWithTokens } from './support/token-server.ts';

const etcHosts = (host: string): string => `etc/containerd/certs.d/${host}/hosts.toml`;
/** A registry and mirrors in front of it, by `hosts.toml`. */
async function mirrored(registry: ScriptedRegistry, ...mirrors: readonly (string | ScriptedRegistry)[]) {
  const addresses = mirrors.map((mirror) => (typeof mirror === 'string' ? mirror : mirror.origin));
  const text = addresses.map((address) => `[host."${address}"]\ncapabilities = ["pull", "resolve"]\n`);
  return await writeSettings({ [etcHosts(registry.host)]: text.join('') });
}
const open = ({ options }: TestSettings, more = {}) => openClient({ ...options, ...more });
const failuresIn = (events: readonly { readonly type: string }[]) =>
  events.filter(({ type }) => type === 'mirror-failed');

describe('a mirror', () => {
  test('is asked instead of the registry, and told for whom', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(mirror);
    const { client } = open(await mirrored(registry, mirror));
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
    const { client, events } = open(await mirrored(registry, first, second));

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
    expect(registry.trace()).toEqual(['GET /v2/app/manifests/1']);
    expect(failuresIn(events)).toEqual([
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
    const { client, timing } = open(await mirrored(registry, mirror));

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
    const { client, events, timing } = open(await mirrored(registry, `http://127.0.0.1:${port}`));

    await client.manifest(reference);
    await client.manifest(reference);
    expect(failuresIn(events)).toHaveLength(1);

    timing.advance(61_000);
    await client.manifest(reference);
    expect(failuresIn(events)).toHaveLength(2);
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
    const { client, events } = open(await mirrored(registry, mirror));

    expect((await client.manifest(byDigest)).descriptor.digest).toBe(digest);
    await client.manifest(byDigest);

    expect(failuresIn(events)).toEqual([
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
    const { client, events } = open(await mirrored(registry, mirror));

    const error = await failureOf(readAll(client.blob(reference, layer)));
    const bytes = await readAll(client.blob(reference, layer));

    expect(error).toMatchObject({ code: 'REGISTRY_DIGEST_MISMATCH', temporary: true });
    expect(bytes.equals(layerBytes)).toBe(true);
    expect(failuresIn(events)).toEqual([expect.objectContaining({ mirror: mirror.host })]);
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
    const { client } = open(await mirrored(registry, mirror));

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
    const { client } = open(await mirrored(registry, mirror));

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
    const { client } = open(await mirrored(registry, mirror), { credentials });

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
    const { client } = open(await mirrored(registry, mirror));
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
    const { client, events } = open(await mirrored(registry, ...mirrors.toReversed()));

    await failureOf(client.resolve({ domain: registry.host, path: 'app', tag: '1' }));

    const order = failuresIn(events).map((event) => (event as { mirror?: string }).mirror);
    expect(order).toEqual(mirrors.toReversed().map(({ host }) => host));
  });
});

describe('hosts.toml', () => {
  test('limits what a host is asked for', async () => {
    const [registry, resolver, puller] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const { reference, layer } = storeImage(registry);
    storeImage(resolver);
    storeImage(puller);
    const settings = await writeSettings({
      [etcHosts(registry.host)]: `
        [host."${resolver.origin}"]
        capabilities = ["resolve"]
        [host."${puller.origin}"]
        capabilities = ["pull"]`,
    });
    const { client } = open(settings);

    await client.resolve(reference);
    await readAll(client.blob(reference, layer));

    expect(resolver.requests.map(({ method }) => method)).toEqual(['HEAD']);
    expect(puller.requests.map(({ path }) => path.includes('/blobs/'))).toEqual([true]);
    expect(registry.requests).toEqual([]);
  });

  test('puts another server and a path in the place of the registry, with headers for it alone', async () => {
    const [registry, server, storage] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const { layer, layerBytes } = storeImage(server);
    server.always(/^GET \/proxy\/team\/app\/blobs/, {
      status: 307,
      headers: { location: `${storage.origin}/x` },
    });
    storage.always(/./, { status: 200, body: layerBytes });
    const settings = await writeSettings({
      [etcHosts(registry.host)]: `
        server = "${server.origin}/proxy"
        override_path = true
        [header]
        x-key = "secret"`,
    });
    const { client } = open(settings);

    const bytes = await readAll(client.blob({ domain: registry.host, path: 'team/app', tag: '1' }, layer));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(server.requests[0]?.headers['x-key']).toBe('secret');
    expect(storage.requests[0]?.headers).not.toHaveProperty('x-key');
    expect(registry.requests).toEqual([]);
  });

  test('for the host itself counts before the one for all hosts, and its port may be written in two ways', async () => {
    const [registry, own, general] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const host = registry.host.replace(/:(\d+)$/, '_$1_');
    const settings = await writeSettings({
      'home/.config/img/certs.d/_default/hosts.toml': `[host."${general.origin}"]`,
      [etcHosts(host)]: `[host."${own.origin}"]`,
    });
    const { client } = open(settings);

    await failureOf(client.resolve({ domain: registry.host, path: 'app', tag: '1' }));
    expect([own.requests.length, general.requests.length]).toEqual([1, 0]);

    await failureOf(client.resolve({ domain: own.host, path: 'app', tag: '1' }));
    expect(general.requests).toHaveLength(1);
    expect(general.requests[0]?.path).toContain(`ns=${encodeURIComponent(own.host)}`);
  });

  test('that cannot be read stops everything before a byte is sent', async () => {
    const registry = await openRegistry();
    const settings = await writeSettings({ [etcHosts(registry.host)]: 'server = ' });

    const error = await failureOf(
      open(settings).client.resolve({ domain: registry.host, path: 'app', tag: '1' }),
    );

    expect(error).toMatchObject({
      code: 'REGISTRY_SETTINGS_INVALID',
      message: expect.stringContaining('hosts.toml, line 1'),
    });
    expect(registry.requests).toEqual([]);
  });

  test('is read when a registry is asked, once', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(mirror);
    const settings = await writeSettings({});
    const { client } = open(settings);
    const wanted = { ...reference, domain: registry.host };
    const later = await mirrored(registry, mirror);
    const second = open(later);

    expect((await failureOf(client.manifest(wanted))).code).toBe('REGISTRY_NOT_FOUND');
    await second.client.manifest(wanted);

    expect(mirror.requests).toHaveLength(1);
  });
});

describe('buildkitd.toml', () => {
  test('names mirrors below a path, whose repository goes by another name', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const server = guardWithTokens(mirror);
    const settings = await writeSettings({
      'etc/buildkit/buildkitd.toml': `[registry."${registry.host}"]\nmirrors = ["${mirror.host}/cache"]`,
    });
    const { client } = open(settings);

    await failureOf(client.manifest({ domain: registry.host, path: 'team/app', tag: '1' }));

    expect(mirror.requests[0]?.path).toBe(
      `/v2/cache/team/app/manifests/1?ns=${encodeURIComponent(registry.host)}`,
    );
    expect(server.asked[0]?.scopes).toEqual(['repository:cache/team/app:pull']);
  });
});

describe('registries.conf', () => {
  const conf = async (text: string) => await writeSettings({ 'etc/containers/registries.conf': text });

  test('reads one place for another, but writes where it is told', async () => {
    const [registry, place] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(place);
    const { client } = open(
      await conf(`[[registry]]\nprefix = "${registry.host}/team"\nlocation = "${place.host}"`),
    );

    await client.manifest({ ...reference, domain: registry.host, path: 'team/app' });
    await client.pushBlob({ domain: registry.host, path: 'team/app' }, blobOf(Buffer.from('layer')));

    expect(place.trace()).toEqual(['GET /v2/app/manifests/1']);
    expect(registry.requests.length).toBeGreaterThan(1);
    expect(registry.requests.every(({ path }) => path.startsWith('/v2/team/app/'))).toBe(true);
  });

  test('asks mirrors for tags or for digests as it says', async () => {
    const [registry, tags, digests] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const { reference, layer } = storeImage(registry);
    const { digest } = await openClient().client.resolve(reference);
    const { client } = open(
      await conf(`
        [[registry]]
        location = "${registry.host}"
        [[registry.mirror]]
        location = "${tags.host}"
        pull-from-mirror = "tag-only"
        [[registry.mirror]]
        location = "${digests.host}"
        pull-from-mirror = "digest-only"`),
    );

    await client.manifest(reference);
    expect([tags.requests.length, digests.requests.length]).toEqual([1, 0]);
    await client.manifest({ domain: registry.host, path: 'app', digest });
    expect([tags.requests.length, digests.requests.length]).toEqual([1, 1]);
    await readAll(client.blob(reference, layer));
    expect([tags.requests.length, digests.requests.length]).toEqual([2, 2]);
  });

  test('blocks what it blocks, whatever other files say, for reading and writing', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const settings = await writeSettings({
      [etcHosts(registry.host)]: `[host."${mirror.origin}"]`,
      'etc/containers/registries.conf.d/50-policy.conf': `[[registry]]\nlocation = "${registry.host}/bad"\nblocked = true`,
    });
    const { client } = open(settings);

    for (const work of [
      client.manifest({ domain: registry.host, path: 'bad/app', tag: '1' }),
      client.pushBlob({ domain: registry.host, path: 'bad/app' }, blobOf(Buffer.from('x'))),
    ])
      expect(await failureOf(work)).toMatchObject({
        code: 'REGISTRY_BLOCKED',
        message: expect.stringContaining('50-policy.conf'),
      });
    expect([...registry.requests, ...mirror.requests]).toEqual([]);
    await failureOf(client.manifest({ domain: registry.host, path: 'good/app', tag: '1' }));
    expect(mirror.requests).toHaveLength(1);
  });

  test('of the user replaces that of the machine, and later additions replace both', async () => {
    const registry = await openRegistry();
    const [machine, user, added] = [await openRegistry(), await openRegistry(), await openRegistry()];
    const at = (place: ScriptedRegistry): string =>
      `[[registry]]\nprefix = "${registry.host}"\nlocation = "${place.host}"`;
    const files = {
      'etc/containers/registries.conf': at(machine),
      'home/.config/containers/registries.conf': at(user),
    };
    const wanted = { domain: registry.host, path: 'app', tag: '1' };

    await failureOf(open(await writeSettings(files)).client.manifest(wanted));
    const more = { ...files, 'home/.config/containers/registries.conf.d/x.conf': at(added) };
    await failureOf(open(await writeSettings(more)).client.manifest(wanted));

    expect([machine, user, added].map(({ requests }) => requests.length)).toEqual([0, 1, 1]);
  });
});

test('the first kind of file that speaks about a registry decides alone', async () => {
  const registry = await openRegistry();
  const [own, buildkit, podman, general] = [
    await openRegistry(),
    await openRegistry(),
    await openRegistry(),
    await openRegistry(),
  ];
  const files: readonly (readonly [string, string])[] = [
    ['etc/containerd/certs.d/_default/hosts.toml', `[host."${general.origin}"]`],
    [
      'etc/containers/registries.conf',
      `[[registry]]\nlocation = "${registry.host}"\n[[registry.mirror]]\nlocation = "${podman.host}"`,
    ],
    ['etc/buildkit/buildkitd.toml', `[registry."${registry.host}"]\nmirrors = ["${buildkit.host}"]`],
    [etcHosts(registry.host), `[host."${own.origin}"]`],
  ];
  const asked: string[] = [];
  for (const [at, mirror] of [general, podman, buildkit, own].entries()) {
    const { client, events } = open(await writeSettings(Object.fromEntries(files.slice(0, at + 1))));
    await failureOf(client.manifest({ domain: registry.host, path: 'app', tag: '1' }));
    const hosts = failuresIn(events).map((event) => (event as { mirror?: string }).mirror);
    expect(hosts).toEqual([mirror.host]);
    asked.push(...hosts.map(String));
  }
  expect(new Set(asked).size).toBe(4);
});
