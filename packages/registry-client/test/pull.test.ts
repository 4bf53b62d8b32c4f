// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { canonicalDigest, MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { Exchange } from '../src/testing/index.ts';
import { failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

const BLOBS = /^GET .*\/blobs\//;

/** Sends the beginning of a body that was announced whole, then hangs up. */
function cut(bytes: Buffer, how: 'end' | 'reset') {
  return async ({ request, response, read }: Exchange): Promise<void> => {
    await read();
    response.writeHead(200, { 'content-length': '600000' });
    response.flushHeaders();
    response.write(bytes, () => (how === 'end' ? request.socket.end() : request.socket.resetAndDestroy()));
  };
}

describe('a blob', () => {
  test.each(['end', 'reset'] as const)('goes on where the connection failed (%s)', async (how) => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.once(BLOBS, cut(layerBytes.subarray(0, 100_000), how));
    const { client, events } = openClient();
    const progress: number[] = [];

    const bytes = await readAll(
      client.blob(reference, layer, { onProgress: (count) => progress.push(count) }),
    );

    expect(bytes.equals(layerBytes)).toBe(true);
    const resumed = events.find(({ type }) => type === 'blob-resumed') as { offset: number } | undefined;
    // A reset may throw away what had arrived but was not read yet.
    expect(resumed?.offset).toBeLessThanOrEqual(100_000);
    expect(registry.requests[1]?.headers['range']).toBe(
      resumed?.offset === 0 ? undefined : `bytes=${resumed?.offset}-`,
    );
    expect(progress.at(-1)).toBe(layer.size);
  });

  test('whose length nobody announced and that ends early is finished', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.once(
      BLOBS,
      ({ request }) =>
        void request.socket.end(
          `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${layerBytes.subarray(0, 50_000).toString('latin1')}`,
          'latin1',
        ),
    );

    expect((await readAll(openClient().client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(registry.requests[1]?.headers['range']).toBe('bytes=50000-');
  });

  test('that always ends early is an error in the end', async () => {
    const registry = await openRegistry();
    const { reference, layer } = storeImage(registry);
    registry.always(
      BLOBS,
      ({ request }) => void request.socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n', 'latin1'),
    );

    const error = await failureOf(
      readAll(openClient({ retry: { retries: 2 } }).client.blob(reference, layer)),
    );

    expect(error).toMatchObject({
      code: 'REGISTRY_SIZE_MISMATCH',
      temporary: true,
      message: expect.stringContaining('ended after 0 of 600000 bytes'),
    });
    expect(registry.requests).toHaveLength(3);
  });

  test.each<[string, (bytes: Buffer) => (exchange: Exchange) => void | Promise<void>, number]>([
    [
      'sends everything again',
      (bytes) =>
        ({ response }) =>
          void response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
      2,
    ],
    [
      'starts somewhere else',
      (bytes) =>
        ({ response }) =>
          void response
            .writeHead(206, { 'content-range': `bytes 5-${bytes.length - 1}/${bytes.length}` })
            .end(bytes.subarray(5)),
      3,
    ],
    [
      'has another total',
      (bytes) =>
        ({ response }) =>
          void response
            .writeHead(206, { 'content-range': 'bytes 100000-199999/200000' })
            .end(bytes.subarray(100_000, 200_000)),
      3,
    ],
    [
      'sends several parts',
      (bytes) =>
        ({ response }) =>
          void response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end(bytes),
      3,
    ],
    [
      'says there is no such range',
      () =>
        ({ request }) =>
          void request.socket.end('HTTP/1.1 416 Range Not Satisfiable\r\ncontent-length: 157\r\n\r\nshort'),
      3,
    ],
  ])('survives a registry that, asked to go on, %s', async (_name, answer, requests) => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.once(BLOBS, cut(layerBytes.subarray(0, 100_000), 'end'), answer(layerBytes));

    expect((await readAll(openClient().client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(registry.requests).toHaveLength(requests);
  });

  test('of the right length with wrong bytes fails at its end', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    const wrong = Buffer.from(layerBytes);
    wrong[5] = 0;
    registry.storage.repository('app').blobs.set(layer.digest, wrong);

    const error = await failureOf(readAll(openClient().client.blob(reference, layer)));

    expect(error).toMatchObject({
      code: 'REGISTRY_DIGEST_MISMATCH',
      message: `blob ${layer.digest} of ${registry.host}/app arrived as ${canonicalDigest(wrong)}`,
    });
  });

  test('of another announced length is not read', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.always(BLOBS, { status: 200, body: Buffer.concat([layerBytes, Buffer.from('x')]) });
    let yielded = 0;

    const reading = (async () => {
      for await (const chunk of openClient().client.blob(reference, layer)) yielded += chunk.length;
    })();

    expect((await failureOf(reading)).code).toBe('REGISTRY_SIZE_MISMATCH');
    expect(yielded).toBe(0);
  });

  test('that does not end is stopped at its size', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.always(BLOBS, async ({ response }) => {
      response.writeHead(200);
      response.write(layerBytes);
      while (!response.destroyed && response.write(layerBytes))
        await new Promise((resolve) => setImmediate(resolve));
    });
    let yielded = 0;

    const reading = (async () => {
      for await (const chunk of openClient().client.blob(reference, layer)) yielded += chunk.length;
    })();

    expect((await failureOf(reading)).code).toBe('REGISTRY_SIZE_MISMATCH');
    expect(yielded).toBeLessThanOrEqual(layer.size);
  });

  test.each(['gzip', 'br'])('in the encoding %s is undone or refused', async (encoding) => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.always(BLOBS, {
      status: 200,
      headers: { 'content-encoding': encoding },
      body: gzipSync(layerBytes),
    });

    const reading = readAll(openClient().client.blob(reference, layer));

    if (encoding === 'gzip') expect((await reading).equals(layerBytes)).toBe(true);
    else
      expect(await failureOf(reading)).toMatchObject({
        code: 'REGISTRY_PROTOCOL',
        message: expect.stringContaining('unknown encoding "br"'),
      });
    expect(registry.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('in an encoding that is broken is refused', async () => {
    const registry = await openRegistry();
    const { reference, layer } = storeImage(registry);
    registry.always(BLOBS, { status: 200, headers: { 'content-encoding': 'gzip' }, body: 'no gzip at all' });

    expect((await failureOf(readAll(openClient().client.blob(reference, layer)))).code).toBe(
      'REGISTRY_PROTOCOL',
    );
  });

  test('that is missing is named', async () => {
    const registry = await openRegistry();
    const { reference, layer } = storeImage(registry);
    registry.storage.repository('app').blobs.clear();

    const error = await failureOf(readAll(openClient().client.blob(reference, layer)));

    expect(error).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: `blob ${layer.digest} of ${registry.host}/app not found: blob_unknown`,
    });
  });

  test('that is foreign comes from its own address, without credentials, or else from the registry', async () => {
    const [registry, elsewhere] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry);
    const foreign = {
      ...layer,
      mediaType: MEDIA_TYPES.dockerForeignLayerGzip,
      urls: [`${elsewhere.origin}/layer`],
    };
    elsewhere.once(/layer/, { status: 200, body: layerBytes }, { status: 404 });
    const { client } = openClient();

    expect((await readAll(client.blob(reference, foreign))).equals(layerBytes)).toBe(true);
    expect(registry.requests).toHaveLength(0);
    expect((await readAll(client.blob(reference, foreign))).equals(layerBytes)).toBe(true);
    expect(registry.requests).toHaveLength(1);
    for (const url of ['file:///etc/passwd', 'http://169.254.169.254/latest']) {
      expect((await failureOf(readAll(client.blob(reference, { ...foreign, urls: [url] })))).code).toBe(
        'REGISTRY_REDIRECT_REFUSED',
      );
    }
  });
});

describe('a manifest', () => {
  const MANIFESTS = /manifests/;
  const put = (body: unknown, mediaType: string) => ({
    status: 200,
    headers: { 'content-type': mediaType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  test.each<[string, ReturnType<typeof put>, string]>([
    [
      'both kinds at once',
      put({ schemaVersion: 2, layers: [], manifests: [] }, MEDIA_TYPES.ociManifest),
      'ambiguous',
    ],
    [
      'another type than its header',
      put({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }, MEDIA_TYPES.ociManifest),
      'ambiguous',
    ],
    ['schema 1', put({ schemaVersion: 1, fsLayers: [] }, MEDIA_TYPES.dockerManifestV1Signed), 'schema 1'],
    ['schema 1 as text', put({ schemaVersion: 1, fsLayers: [] }, 'text/plain'), 'schema 1'],
    [
      'more than 4 MiB',
      put(' '.repeat(4 * 1024 * 1024 + 1), MEDIA_TYPES.ociManifest),
      'longer than 4194304 bytes',
    ],
    [
      '10,000 children',
      put(
        {
          schemaVersion: 2,
          manifests: Array.from({ length: 10_000 }, () => ({
            mediaType: 'a',
            digest: canonicalDigest('a'),
            size: 1,
          })),
        },
        MEDIA_TYPES.ociIndex,
      ),
      '10000 entries',
    ],
    ['no JSON', put('nonsense', MEDIA_TYPES.ociManifest), 'not JSON'],
  ])('that has %s is refused', async (_name, answer, text) => {
    const registry = await openRegistry();
    registry.always(MANIFESTS, answer);

    expect(await failureOf(openClient().client.manifest(storeImage(registry).reference))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining(text),
    });
  });

  test('with a wrong digest header is judged by its bytes', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(MANIFESTS, {
      status: 200,
      headers: { 'content-type': MEDIA_TYPES.ociManifest, 'docker-content-digest': canonicalDigest('other') },
      body: manifest,
    });
    const { client, events } = openClient();

    expect((await client.manifest(reference)).descriptor.digest).toBe(canonicalDigest(manifest));
    expect(events).toContainEqual({
      type: 'digest-header-ignored',
      host: registry.host,
      expected: canonicalDigest(manifest),
      claimed: canonicalDigest('other'),
    });
    const pinned = { ...reference, digest: canonicalDigest('wanted') };
    expect((await failureOf(client.manifest(pinned))).code).toBe('REGISTRY_DIGEST_MISMATCH');
    expect((await failureOf(client.resolve(pinned))).code).toBe('REGISTRY_DIGEST_MISMATCH');
  });

  test.each<[string, Record<string, string>, number]>([
    ['no digest', { 'content-type': MEDIA_TYPES.ociManifest }, 200],
    ['no type', {}, 200],
    ['no method HEAD', {}, 405],
    ['a refusal without reason', {}, 403],
  ])('is resolved by GET when HEAD has %s', async (_name, headers, status) => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(/^HEAD/, { status, headers });

    expect(await openClient().client.resolve(reference)).toEqual({
      mediaType: MEDIA_TYPES.ociManifest,
      digest: canonicalDigest(manifest),
      size: manifest.length,
    });
    expect(registry.trace()).toEqual(['HEAD /v2/app/manifests/1', 'GET /v2/app/manifests/1']);
  });

  test('is asked for in all its types at once', async () => {
    const registry = await openRegistry();

    await openClient().client.resolve(storeImage(registry).reference);

    expect(registry.requests[0]?.headers['accept']?.split(', ')).toEqual([
      MEDIA_TYPES.ociIndex,
      MEDIA_TYPES.dockerManifestList,
      MEDIA_TYPES.ociManifest,
      MEDIA_TYPES.dockerManifest,
    ]);
    expect(registry.trace()).toEqual(['HEAD /v2/app/manifests/1']);
  });
});
