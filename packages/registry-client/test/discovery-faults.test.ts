// SPDX-License-Identifier: MIT
import { canonicalDigest, type Descriptor, type Digest, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { failure, type ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const bytesOf = (document: object): Buffer => Buffer.from(JSON.stringify({ schemaVersion: 2, ...document }));

/** Stores a document behind the client's back. */
function store(registry: ScriptedRegistry, mediaType: string, document: object, tag?: string): Descriptor {
  const bytes = bytesOf({ mediaType, ...document });
  const digest = canonicalDigest(bytes);
  const repository = registry.storage.repository('app');
  repository.manifests.set(digest, { bytes, mediaType });
  if (tag !== undefined) repository.tags.set(tag, digest);
  return { mediaType, digest, size: bytes.byteLength };
}

describe('a manifest with a subject', () => {
  const push = async (registry: ScriptedRegistry, name: string) => {
    const { client } = openClient();
    const { reference, layer } = storeImage(registry);
    const subject = (await client.manifest(reference)).descriptor;
    const bytes = bytesOf({
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: `application/${name}`,
      config: layer,
      layers: [],
      subject,
      annotations: { name },
    });
    const digest = canonicalDigest(bytes);
    const at = { domain: registry.host, path: 'app', digest };
    await client.pushManifest(at, MEDIA_TYPES.ociManifest, bytes);
    const entry = { mediaType: MEDIA_TYPES.ociManifest, digest, size: bytes.byteLength };
    return {
      client,
      subject,
      entry: { ...entry, artifactType: `application/${name}`, annotations: { name } },
    };
  };
  const list = async ({ client, subject }: Awaited<ReturnType<typeof push>>, registry: ScriptedRegistry) =>
    await collect(client.referrers({ domain: registry.host, path: 'app', digest: subject.digest }));
  const listTag = (subject: Digest) => subject.replace(':', '-');

  test('is listed by a registry that says so, and nowhere else', async () => {
    const registry = await openRegistry();
    const pushed = await push(registry, 'one');

    expect(await list(pushed, registry)).toEqual([pushed.entry]);
    expect([...registry.storage.repository('app').tags.keys()]).toEqual(['1']);
  });

  test('is entered into the tag of a registry that does not, once', async () => {
    const registry = await openRegistry({ referrers: false });
    const [one, two] = [await push(registry, 'one'), await push(registry, 'two')];
    await push(registry, 'one');

    expect(await list(two, registry)).toEqual([one.entry, two.entry]);
    expect([...registry.storage.repository('app').tags.keys()]).toEqual(['1', listTag(one.subject.digest)]);
  });

  test('meets another writer and reads its list again', async () => {
    const registry = await openRegistry({ referrers: false });
    const first = await push(registry, 'one');
    registry.always(/^GET .*sha256-/, async ({ response }) => {
      const { manifests, tags } = registry.storage.repository('app');
      const { bytes } = manifests.get(tags.get(listTag(first.subject.digest)) ?? '') ?? {};
      response.writeHead(200, { 'content-type': MEDIA_TYPES.ociIndex, etag: '"v1"' }).end(bytes);
    });
    registry.once(/^PUT .*sha256-/, { status: 412 });

    const second = await push(registry, 'two');

    expect(await list(second, registry)).toEqual([first.entry, second.entry]);
    const puts = registry.requests.filter(({ method, path }) => method === 'PUT' && path.includes('sha256-'));
    expect(puts.slice(-2).map(({ headers }) => headers['if-match'])).toEqual(['"v1"', '"v1"']);
  });

  test('leaves a tag alone that is no list', async () => {
    const registry = await openRegistry({ referrers: false });
    const { reference } = storeImage(registry);
    const { tags } = registry.storage.repository('app');
    const subject = tags.get(reference.tag ?? '') ?? '';
    tags.set(listTag(subject as Digest), subject);

    const pushed = await push(registry, 'one');

    expect(tags.get(listTag(pushed.subject.digest))).toBe(subject);
    expect(await list(pushed, registry)).toEqual([]);
  });

  test('is looked for at the tag where the API leads to a web site', async () => {
    const [registry, site] = [await openRegistry({ referrers: false }), await openRegistry()];
    const pushed = await push(registry, 'one');
    site.always(/./, {
      status: 429,
      headers: { 'content-type': 'text/html' },
      body: '<html>slow down</html>',
    });
    registry.always(/referrers/, {
      status: 303,
      headers: { location: `http://localhost:${site.host.split(':')[1]}/app` },
    });

    expect(await list(pushed, registry)).toEqual([pushed.entry]);
    expect(site.requests).toHaveLength(0);
  });
});

test('a manifest whose blobs are missing names them', async () => {
  const registry = await openRegistry();
  const { reference, manifest, layer } = storeImage(registry);
  registry.storage.repository('app').blobs.delete(layer.digest);

  expect(
    await failureOf(openClient().client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest)),
  ).toMatchObject({
    code: 'REGISTRY_REFUSED',
    status: 400,
    message: expect.stringMatching(new RegExp(`\\(missing: ${layer.digest}\\)$`)),
  });
});

describe('an index', () => {
  const image = (registry: ScriptedRegistry, architecture: string): Descriptor => {
    const config = bytesOf({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
    const { descriptor } = blobOf(config, MEDIA_TYPES.ociConfig);
    registry.storage.repository('app').blobs.set(descriptor.digest, config);
    return store(registry, MEDIA_TYPES.ociManifest, { config: descriptor, layers: [] });
  };
  const resolve = async (registry: ScriptedRegistry, platform: string) =>
    await openClient().client.resolve(parseReference(`${registry.host}/app:1`), { platform });

  test('is followed to a platform, through others', async () => {
    const registry = await openRegistry();
    const arm = { ...image(registry, 'arm64'), platform: { architecture: 'arm64', os: 'linux' } };
    const inner = store(registry, MEDIA_TYPES.ociIndex, { manifests: [arm] });
    store(
      registry,
      MEDIA_TYPES.ociIndex,
      { manifests: [inner, { ...inner, mediaType: 'unknown/type' }] },
      '1',
    );

    expect((await resolve(registry, 'linux/arm64')).digest).toBe(arm.digest);
  });

  test('that names no platforms is judged by the configs', async () => {
    const registry = await openRegistry();
    const [amd, arm] = [image(registry, 'amd64'), image(registry, 'arm64')];
    store(registry, MEDIA_TYPES.dockerManifestList, { manifests: [amd, arm] }, '1');

    expect((await resolve(registry, 'linux/arm64')).digest).toBe(arm.digest);
    expect((await failureOf(resolve(registry, 'windows/amd64'))).code).toBe('REGISTRY_PLATFORM_NOT_FOUND');
  });

  test('of attestations only has nothing to run', async () => {
    const registry = await openRegistry();
    const entry = { ...image(registry, 'amd64'), platform: { architecture: 'unknown', os: 'unknown' } };
    store(registry, MEDIA_TYPES.ociIndex, { manifests: [entry] }, '1');

    expect(await failureOf(resolve(registry, 'linux/amd64'))).toMatchObject({
      code: 'REGISTRY_PLATFORM_NOT_FOUND',
      message: expect.stringContaining('it has no runnable image'),
    });
  });

  test('that is nested twenty deep is refused, by resolving and by copying', async () => {
    const registry = await openRegistry();
    let child: Descriptor = image(registry, 'amd64');
    for (let depth = 0; depth < 20; depth++)
      child = store(
        registry,
        MEDIA_TYPES.ociIndex,
        { manifests: [child], annotations: { at: `${depth}` } },
        '1',
      );
    const { client } = openClient();

    expect(await failureOf(resolve(registry, 'linux/amd64'))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('nested'),
    });
    expect(await failureOf(client.copy(`${registry.host}/app:1`, `${registry.host}/b:1`))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('nested more than 8 times'),
    });
  });

  test('with what its image is not is an error of the platform', async () => {
    const registry = await openRegistry();
    const { digest } = image(registry, 'arm64');
    registry.storage.repository('app').tags.set('1', digest);

    expect((await resolve(registry, 'linux/arm64')).digest).toBe(digest);
    expect((await failureOf(resolve(registry, 'linux/s390x'))).message).toContain('it has linux/arm64');
  });
});

describe('deleting', () => {
  test('a tag leaves the manifest, a manifest takes its tags along', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const { client } = openClient();
    const { digest } = await client.resolve(reference);
    registry.storage.repository('app').tags.set('2', digest);

    await client.deleteTag(reference, '2');
    expect(await collect(client.tags(reference))).toEqual(['1']);
    await client.deleteManifest(reference, digest);
    expect(await collect(client.tags(reference))).toEqual([]);
    expect((await failureOf(client.deleteManifest(reference, digest))).code).toBe('REGISTRY_NOT_FOUND');
  });

  test.each([
    [405, 'UNSUPPORTED'],
    [400, 'DIGEST_INVALID'],
  ])('says what to do instead where it is answered with %i', async (status, code) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/^DELETE/, failure(status, code));
    const { client } = openClient();

    expect(await failureOf(client.deleteTag(reference, '1'))).toMatchObject({
      code: 'REGISTRY_UNSUPPORTED',
      hint: expect.stringContaining('by its digest'),
    });
    await expect(client.deleteTag(reference, '../x')).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
  });
});

describe('mounting alone', () => {
  test('moves no byte, and says when it did not work', async () => {
    const registry = await openRegistry();
    const { layer } = storeImage(registry);
    const { client } = openClient();
    const to = { domain: registry.host, path: 'new' };

    expect(await client.mountBlob(to, layer, 'app')).toBe(true);
    expect(await client.mountBlob(to, { ...layer, digest: canonicalDigest('absent') }, 'app')).toBe(false);
    expect(registry.trace().at(-1)).toMatch(/^DELETE \/v2\/new\/blobs\/uploads\//);
    expect((await readAll(client.blob(to, layer))).byteLength).toBe(layer.size);
  });
});
