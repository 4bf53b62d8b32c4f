// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import {
  etcHosts,
  mirroredBy,
  mirrorFailures,
  type TestSettings,
  writeSettings,
} from './support/settings.ts';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { guardWithTokens } from './support/token-server.ts';

const open = ({ options }: TestSettings, more = {}) => openClient({ ...options, ...more });

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
    const later = await mirroredBy(registry, mirror);
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
    const hosts = mirrorFailures(events).map(({ mirror: host }) => host);
    expect(hosts).toEqual([mirror.host]);
    asked.push(...hosts.map(String));
  }
  expect(new Set(asked).size).toBe(4);
});
