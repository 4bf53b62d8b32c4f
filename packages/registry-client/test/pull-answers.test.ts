// SPDX-License-Identifier: MIT
import { canonicalDigest, type Descriptor, MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { Exchange, ScriptedRegistry } from '../src/testing/index.ts';
import { failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Sends a part of a body that was announced whole, then hangs up. */
function cutTo(bytes: Buffer, whole: number) {
  return ({ request, response }: Exchange): void => {
    const [, from = '0'] = /^bytes=(\d+)-$/.exec(request.headers['range'] ?? '') ?? [];
    const at = Number(from);
    response.writeHead(at === 0 ? 200 : 206, {
      'content-length': String(whole - at),
      ...(at === 0 ? {} : { 'content-range': `bytes ${at}-${whole - 1}/${whole}` }),
    });
    response.write(bytes.subarray(at), () => request.socket.end());
  };
}

describe('a blob', () => {
  test('that breaks off where the registry redirects to is asked for at the registry again', async () => {
    const [registry, storage] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry);
    let signature = 0;
    registry.always(/^GET .*blobs/, ({ response }) =>
      response.writeHead(307, { location: `${storage.origin}/data?signature=${++signature}` }).end(),
    );
    storage.once(/signature=1$/, cutTo(layerBytes.subarray(0, 100_000), layerBytes.length));
    storage.once(/signature=2$/, cutTo(layerBytes, layerBytes.length));

    const bytes = await readAll(openClient().client.blob(reference, layer));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(storage.trace()).toEqual(['GET /data?signature=1', 'GET /data?signature=2']);
    expect(storage.requests[1]?.headers['range']).toMatch(/^bytes=\d+-$/);
  });

  test('may break off as often as it likes while it gets on', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry, 3_000_000);
    registry.once(
      /^GET .*blobs/,
      ...[1, 2, 3, 4, 5, 6].map((part) => cutTo(layerBytes.subarray(0, part * 480_000), layer.size)),
    );
    const { client, events } = openClient({ retry: { retries: 1 } });

    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(events.filter(({ type }) => type === 'blob-resumed')).toHaveLength(6);
  });

  test('that hangs keeps neither manifests nor other hosts waiting', async () => {
    const [registry, other] = [await openRegistry(), await openRegistry()];
    const { reference, layer } = storeImage(registry);
    const elsewhere = storeImage(other);
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    registry.always(/^GET .*blobs/, () => resolve());
    const { client } = openClient({ parallel: 1 });
    const controller = new AbortController();
    const reason = new Error('enough');
    const blob = () => readAll(client.blob(reference, layer, { signal: controller.signal }));
    const hanging = [blob(), blob()].map(async (reading) => await failureOf(reading));
    await asked;

    await client.manifest(reference);
    await readAll(client.blob(elsewhere.reference, elsewhere.layer));
    // One at a time: the second has not even been asked for.
    expect(registry.trace().filter((line) => line.includes('/blobs/'))).toHaveLength(1);
    controller.abort(reason);

    expect(await Promise.all(hanging)).toEqual([reason, reason]);
  });
});

describe('a manifest', () => {
  test('is resolved by GET when HEAD does not say how long it is', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(/^HEAD/, ({ response }) =>
      response
        .writeHead(200, {
          'content-type': MEDIA_TYPES.ociManifest,
          'docker-content-digest': canonicalDigest('another form of it'),
        })
        .end(),
    );

    expect(await openClient().client.resolve(reference)).toMatchObject({
      digest: canonicalDigest(manifest),
      size: manifest.length,
    });
  });

  test.each(['application/json', 'text/plain', 'application/octet-stream', undefined])(
    'that comes as %s from a plain file server says itself what it is',
    async (type) => {
      const registry = await openRegistry();
      const { reference, manifest } = storeImage(registry);
      registry.always(/manifests/, {
        status: 200,
        headers: type === undefined ? {} : { 'content-type': type },
        body: manifest,
      });

      expect(await openClient().client.manifest(reference)).toMatchObject({
        kind: 'manifest',
        mediaType: MEDIA_TYPES.ociManifest,
      });
    },
  );

  test('whose length is not the announced one is not copied', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    const child: Descriptor = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: canonicalDigest(manifest),
      size: manifest.length + 1,
    };
    const index = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [child] }),
    );
    const { tags, manifests } = registry.storage.repository('app');
    manifests.set(canonicalDigest(index), { bytes: index, mediaType: MEDIA_TYPES.ociIndex });
    tags.set('1', canonicalDigest(index));

    expect(
      await failureOf(
        openClient().client.copy(`${registry.host}/${reference.path}:1`, `${registry.host}/b:1`),
      ),
    ).toMatchObject({
      code: 'REGISTRY_SIZE_MISMATCH',
      message: expect.stringContaining(`${manifest.length} bytes instead of the ${manifest.length + 1}`),
    });
  });

  test('with a warning of the registry reports it', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(/manifests/, {
      status: 200,
      headers: {
        'content-type': MEDIA_TYPES.ociManifest,
        warning: ['299 - "this registry closes"', '299 - "soon"'],
      },
      body: manifest,
    });
    const { client, events } = openClient();

    await client.manifest(reference);

    expect(events.filter(({ type }) => type === 'warning-received')).toEqual([
      { type: 'warning-received', host: registry.host, text: '299 - "this registry closes"' },
      { type: 'warning-received', host: registry.host, text: '299 - "soon"' },
    ]);
  });
});

describe('a copied layer', () => {
  test('that is to be fetched from elsewhere stays there', async () => {
    const [registry, elsewhere] = [await openRegistry(), await openRegistry()];
    const { layer, layerBytes } = storeImage(registry);
    const repository = registry.storage.repository('app');
    const foreign = {
      ...layer,
      mediaType: MEDIA_TYPES.dockerForeignLayerGzip,
      urls: [`${elsewhere.origin}/layer`],
    };
    const config = { ...layer, mediaType: MEDIA_TYPES.dockerConfig };
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.dockerManifest,
        config,
        layers: [{ ...foreign, digest: canonicalDigest('far away'), size: 8 }],
      }),
    );
    repository.blobs.set(layer.digest, layerBytes);
    repository.manifests.set(canonicalDigest(manifest), {
      bytes: manifest,
      mediaType: MEDIA_TYPES.dockerManifest,
    });
    repository.tags.set('1', canonicalDigest(manifest));

    const { descriptor } = await openClient().client.copy(
      `${registry.host}/app:1`,
      `${registry.host}/copy:1`,
    );

    expect(descriptor.digest).toBe(canonicalDigest(manifest));
    expect([...registry.storage.repository('copy').blobs.keys()]).toEqual([layer.digest]);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('referrers', () => {
  const subject = canonicalDigest('subject');
  const index = (names: readonly string[], link?: string) => ({
    status: 200,
    headers: { 'content-type': MEDIA_TYPES.ociIndex, ...(link === undefined ? {} : { link }) },
    body: JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: names.map((name) => ({
        mediaType: MEDIA_TYPES.ociManifest,
        digest: canonicalDigest(name),
        size: 1,
      })),
    }),
  });
  const list = async (registry: ScriptedRegistry) =>
    (
      await collect(openClient().client.referrers({ domain: registry.host, path: 'app', digest: subject }))
    ).map(({ digest }) => digest);

  test('come from all pages, also empty ones, and end where they lead in a circle', async () => {
    const registry = await openRegistry();
    const next = (page: string) => `</v2/app/referrers/${subject}?page=${page}>; rel="next"`;
    registry.always(/page=b/, index(['three'], next('a')));
    registry.always(/page=a/, index([], next('b')));
    registry.always(/referrers/, index(['one', 'two'], next('a')));

    expect(await list(registry)).toEqual(['one', 'two', 'three'].map((name) => canonicalDigest(name)));
    expect(registry.requests).toHaveLength(3);
  });

  test.each([
    [200, 'text/html'],
    [200, 'application/json'],
    [405, 'application/json'],
    [501, 'text/plain'],
  ])('are looked for at the tag where the API answers %i with %s', async (status, type) => {
    const registry = await openRegistry();
    registry.always(/referrers/, { status, headers: { 'content-type': type }, body: '{}' });
    registry.always(/manifests/, index(['one']));

    expect(await list(registry)).toEqual([canonicalDigest('one')]);
  });

  test('that refer to something else do not come along with a copy', async () => {
    const [registry, to] = [await openRegistry({ referrers: false }), await openRegistry()];
    const { layer, manifest } = storeImage(registry);
    const { manifests, tags } = registry.storage.repository('app');
    const store = (document: object, mediaType: string): Descriptor => {
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
      manifests.set(canonicalDigest(bytes), { bytes, mediaType });
      return { mediaType, digest: canonicalDigest(bytes), size: bytes.length };
    };
    const refer = (name: string, digest: string) =>
      store(
        {
          config: layer,
          layers: [],
          annotations: { name },
          subject: { mediaType: MEDIA_TYPES.ociManifest, digest, size: manifest.length },
        },
        MEDIA_TYPES.ociManifest,
      );
    const own = refer('own', canonicalDigest(manifest));
    const strange = refer('strange', canonicalDigest('something else'));
    const plain = store({ config: layer, layers: [] }, MEDIA_TYPES.ociManifest);
    const listed = store({ manifests: [strange, own, plain] }, MEDIA_TYPES.ociIndex);
    tags.set(canonicalDigest(manifest).replace(':', '-'), listed.digest);

    const { referrers } = await openClient().client.copy(`${registry.host}/app:1`, `${to.host}/copy:1`, {
      referrers: true,
    });

    expect(referrers.map(({ digest }) => digest)).toEqual([own.digest]);
    expect(to.storage.repository('copy').manifests.has(strange.digest)).toBe(false);
  });
});
