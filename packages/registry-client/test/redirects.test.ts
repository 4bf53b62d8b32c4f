// SPDX-License-Identifier: MIT
import { MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('with %i of a GET and of a HEAD stays one', async (status) => {
    const [registry, storage] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes, manifest } = storeImage(registry);
    registry.once(/blobs/, { status, headers: { location: `${storage.origin}/blob` } });
    registry.once(/^HEAD .*manifests/, { status, headers: { location: '/moved' } });
    registry.once(/^HEAD \/moved/, ({ response }) =>
      response
        .writeHead(200, {
          'content-type': MEDIA_TYPES.ociManifest,
          'content-length': String(manifest.length),
          'docker-content-digest': blobOf(manifest).descriptor.digest,
        })
        .end(),
    );
    storage.always(/./, { status: 200, body: layerBytes });
    const { client } = openClient();

    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect((await client.resolve(reference)).digest).toBe(blobOf(manifest).descriptor.digest);

    expect(storage.trace()).toEqual(['GET /blob']);
    expect(registry.trace().slice(1)).toEqual(['HEAD /v2/app/manifests/1', 'HEAD /moved']);
  });

  test.each([307, 308])('with %i of an upload takes the method and the whole body along', async (status) => {
    const [registry, storage] = [await openRegistry(), await openRegistry()];
    const { client } = openClient({ hosts: { [registry.host]: { headers: { 'x-team': 'secret' } } } });
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, at) => `${at}`.padStart(8)).join(''));
    const blob = blobOf(bytes);
    registry.once(/^PUT/, {
      status,
      headers: { location: `${storage.origin}/put?signature=abc` },
    });
    storage.once(/./, async ({ read, response }) => {
      await read();
      registry.storage.repository('new').blobs.set(blob.descriptor.digest, bytes);
      response.writeHead(201).end();
    });

    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, blob)).toBe('uploaded');

    const [{ method, path, headers, body } = { method: '', path: '', headers: {}, body: bytes.subarray(1) }] =
      storage.requests;
    expect(`${method} ${path}`).toBe('PUT /put?signature=abc');
    expect(body.equals(bytes)).toBe(true);
    expect(JSON.stringify(headers)).not.toContain('secret');
  });

  test('ten times is followed, to the end', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.once(
      /./,
      ...Array.from({ length: 10 }, (_, hop) => ({ status: 302, headers: { location: `/hop${hop}` } })),
      { status: 200, body: layerBytes },
    );

    expect((await readAll(openClient().client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(registry.requests).toHaveLength(11);
  });

  test.each([400, 403, 500])(
    'to a signed address that answers %i keeps the signature to itself',
    async (status) => {
      const [registry, storage] = [await openRegistry(), await openRegistry()];
      const { reference, layer } = storeImage(registry);
      registry.always(/blobs/, {
        status: 307,
        headers: { location: `${storage.origin}/blob?X-Amz-Signature=c0ffee` },
      });
      storage.always(/./, { status, body: '<Error><Code>AccessDenied</Code></Error>' });
      const { client, events } = openClient({ retry: { retries: 1 } });

      const error = await failureOf(readAll(client.blob(reference, layer)));

      expect(storage.requests[0]?.path).toContain('c0ffee');
      expect(error).toMatchObject({ status });
      expect(JSON.stringify([error.message, error.hint, error, events])).not.toContain('c0ffee');
    },
  );

  test('without a place is an answer like any other', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/./, { status: 302 });

    expect(await failureOf(openClient().client.manifest(reference))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      status: 302,
    });
  });
});
