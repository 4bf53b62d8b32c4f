// SPDX-License-Identifier: MIT

import { canonicalDigest, MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { failure, type ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';

const BYTES = Buffer.alloc(300_000, 'content of a new layer. ');
const BLOB = blobOf(BYTES);
const { digest } = BLOB.descriptor;
const stored = (registry: ScriptedRegistry, path = 'new') =>
  registry.storage.repository(path).blobs.get(digest)?.equals(BYTES) === true;

describe('an upload', () => {
  test('is one HEAD, one POST and one PUT', async () => {
    const registry = await openRegistry();
    const progress: number[] = [];

    expect(
      await openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB, {
        onProgress: (bytes) => progress.push(bytes),
      }),
    ).toBe('uploaded');

    expect(registry.trace()).toEqual([
      `HEAD /v2/new/blobs/${digest}`,
      'POST /v2/new/blobs/uploads/',
      `PUT /v2/new/blobs/uploads/u1?_state=a%2Bb%3D&digest=${encodeURIComponent(digest)}`,
    ]);
    expect(registry.requests[2]?.headers).toMatchObject({
      'content-length': '300000',
      'content-type': 'application/octet-stream',
    });
    expect([stored(registry), progress.at(-1)]).toEqual([true, 300_000]);
  });

  test.each<[string, (host: string) => string]>([
    ['a path', () => '/v2/new/blobs/uploads/u1'],
    ['a relative path', () => 'u1'],
    ['a path with a query', () => '/v2/new/blobs/uploads/u1?_state=a%2Bb%3D&x'],
    ['an address without scheme', (host) => `//${host}/v2/new/blobs/uploads/u1`],
    ['a host without scheme', (host) => `${host}/v2/new/blobs/uploads/u1`],
    ['https though the registry speaks http', (host) => `https://${host}/v2/new/blobs/uploads/u1`],
    ['the host without its port', (host) => `http://${host.split(':')[0]}/v2/new/blobs/uploads/u1`],
  ])('goes on at %s', async (_name, location) => {
    const registry = await openRegistry();
    // The registry must know the upload it is made to name.
    registry.storage.answer('POST', new URL('http://x/v2/new/blobs/uploads/'), {}, Buffer.alloc(0));
    registry.once(/^POST/, { status: 202, headers: { location: location(registry.host) } });

    expect(await openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB)).toBe('uploaded');
    expect(stored(registry)).toBe(true);
  });

  test('goes on at another host without credentials', async () => {
    const [registry, elsewhere] = [await openRegistry(), await openRegistry()];
    const { client } = openClient({ hosts: { [registry.host]: { headers: { 'x-team': 'secret' } } } });
    const other = `http://localhost:${elsewhere.host.split(':')[1]}/store?sig=a%2Fb`;
    registry.once(/^POST/, { status: 202, headers: { location: other } });
    elsewhere.once(/^PUT/, { status: 201 });

    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, BLOB)).toBe('uploaded');

    expect(elsewhere.requests[0]).toMatchObject({
      path: `/store?sig=a%2Fb&digest=${encodeURIComponent(digest)}`,
      body: BYTES,
    });
    expect(elsewhere.requests[0]?.headers).not.toHaveProperty('x-team');
  });

  test.each([
    ['no place', undefined, 'missing Location'],
    ['no web address', 'ftp://x/y', 'no web address'],
    ['the metadata service', 'http://169.254.169.254/x', 'private'],
  ])('that is given %s to go on fails', async (_name, location, text) => {
    const registry = await openRegistry();
    registry.once(/^POST/, { status: 202, headers: location === undefined ? {} : { location } });

    const error = await failureOf(openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB));

    expect(error.message).toContain(text);
    expect(['REGISTRY_PROTOCOL', 'REGISTRY_REDIRECT_REFUSED']).toContain(error.code);
  });

  test('whose answer got lost is looked for before it is sent again', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, async ({ url, request, read }) => {
      registry.storage.answer('PUT', url, {}, await read());
      request.socket.destroy();
    });

    expect(await openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB)).toBe('uploaded');
    expect(registry.trace().map((line) => line.split(' ')[0])).toEqual(['HEAD', 'POST', 'PUT', 'HEAD']);
  });

  test.each<[string, Parameters<ScriptedRegistry['once']>[1]]>([
    ['was cut off', ({ request }) => void request.socket.resetAndDestroy()],
    ['was forgotten', failure(404, 'BLOB_UPLOAD_UNKNOWN')],
    ['met a busy registry', { status: 503 }],
  ])('that %s starts again', async (_name, fault) => {
    const registry = await openRegistry();
    const offsets: number[] = [];
    registry.once(/^PUT/, fault, fault);

    const blob = { ...BLOB, open: (offset: number) => (offsets.push(offset), BLOB.open(offset)) };
    expect(await openClient().client.pushBlob({ domain: registry.host, path: 'new' }, blob)).toBe('uploaded');

    expect(offsets).toEqual([0, 0, 0]);
    expect(stored(registry)).toBe(true);
  });

  test('that never works is an error in the end', async () => {
    const registry = await openRegistry();
    registry.always(/^PUT/, { status: 502 });

    const error = await failureOf(
      openClient({ retry: { retries: 1 } }).client.pushBlob({ domain: registry.host, path: 'new' }, BLOB),
    );

    expect(error).toMatchObject({ code: 'REGISTRY_SERVER_ERROR', status: 502, temporary: true });
    expect(registry.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(2);
  });

  test('that was stored under another digest is an error', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, { status: 201, headers: { 'docker-content-digest': canonicalDigest('other') } });

    expect(
      (await failureOf(openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB))).code,
    ).toBe('REGISTRY_DIGEST_MISMATCH');
  });

  test('that is aborted tells the registry', async () => {
    const registry = await openRegistry();
    const controller = new AbortController();
    const reason = new Error('enough');

    const pushing = openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });

    await expect(pushing).rejects.toBe(reason);
    expect(registry.trace()).toContain('DELETE /v2/new/blobs/uploads/u1?_state=a%2Bb%3D');
  });

  test('of one blob asked for twice at once happens once', async () => {
    const registry = await openRegistry();
    const { client } = openClient();
    const reference = { domain: registry.host, path: 'new' };

    const outcomes = await Promise.all([client.pushBlob(reference, BLOB), client.pushBlob(reference, BLOB)]);

    expect(outcomes).toEqual(['uploaded', 'existed']);
  });
});

describe('a mount', () => {
  test('that works sends nothing', async () => {
    const registry = await openRegistry();
    storeImage(registry);
    registry.storage.repository('app').blobs.set(digest, BYTES);

    expect(
      await openClient().client.pushBlob(
        { domain: registry.host, path: 'new' },
        { ...BLOB, mountFrom: ['app'] },
      ),
    ).toBe('mounted');
    expect(registry.trace()[1]).toBe(
      `POST /v2/new/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=app`,
    );
  });

  test('that becomes an upload goes on with it', async () => {
    const registry = await openRegistry();

    expect(
      await openClient().client.pushBlob(
        { domain: registry.host, path: 'new' },
        { ...BLOB, mountFrom: ['app'] },
      ),
    ).toBe('uploaded');
    expect(registry.trace().map((line) => line.split(' ')[0])).toEqual(['HEAD', 'POST', 'PUT']);
  });

  test.each([401, 403, 404, 405, 500])(
    'that is answered with %i becomes an upload of its own',
    async (status) => {
      const registry = await openRegistry();
      registry.once(/^POST .*mount=/, { status });

      expect(
        await openClient().client.pushBlob(
          { domain: registry.host, path: 'new' },
          { ...BLOB, mountFrom: ['app'] },
        ),
      ).toBe('uploaded');
      expect(stored(registry)).toBe(true);
    },
  );
});

describe('a manifest', () => {
  test('waits for blobs that are not visible yet, but not for ever', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    const unknown = failure(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
    const { client, timing } = openClient();

    registry.once(/^PUT/, unknown, unknown);
    await client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest);
    expect(timing.sleeps).toEqual([1000, 2000]);

    registry.always(/^PUT/, unknown);
    const error = await failureOf(client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest));
    expect(error).toMatchObject({
      code: 'REGISTRY_REFUSED',
      errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' }],
    });
    expect(timing.sleeps).toHaveLength(5);
  });

  test('that is stored as something else is an error', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.once(
      /^PUT/,
      { status: 201, headers: { 'docker-content-digest': canonicalDigest('other') } },
      { status: 201 },
    );
    const { client } = openClient();

    expect((await failureOf(client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest))).code).toBe(
      'REGISTRY_DIGEST_MISMATCH',
    );
    expect(await client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest)).toBe(
      canonicalDigest(manifest),
    );
  });

  test('under a tag that must not move succeeds only if it need not move', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(/^PUT/, failure(400, 'ImageTagAlreadyExistsException', 'tag is immutable'));
    const { client } = openClient();

    expect(await client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest)).toBe(
      canonicalDigest(manifest),
    );
    const other = Buffer.concat([manifest, Buffer.from(' ')]);
    expect(await failureOf(client.pushManifest(reference, MEDIA_TYPES.ociManifest, other))).toMatchObject({
      code: 'REGISTRY_TAG_IMMUTABLE',
      message: `tag 1 of ${registry.host}/app exists and cannot be changed`,
    });
  });

  test('that nobody may push is denied', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(/^PUT/, failure(403, 'DENIED', 'not yours'));

    expect(
      await failureOf(openClient().client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest)),
    ).toMatchObject({
      code: 'REGISTRY_DENIED',
      message: `${registry.host} denied access to manifest ${registry.host}/app:1: not yours`,
      hint: expect.stringContaining(`img login ${registry.host}`),
    });
  });
});
