// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { canonicalDigest, type Descriptor, MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { type Fault, failure, type ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';

const BYTES = Buffer.alloc(12_000_000, 'a layer of some size, ');
const BLOB = blobOf(BYTES);
const { digest } = BLOB.descriptor;

const push = async (registry: ScriptedRegistry) =>
  await openClient({ retry: { retries: 1 } }).client.pushBlob({ domain: registry.host, path: 'new' }, BLOB);
const stored = (registry: ScriptedRegistry, path = 'new') =>
  registry.storage.repository(path).blobs.get(digest)?.equals(BYTES) === true;
const methods = (registry: ScriptedRegistry) =>
  registry
    .trace()
    .map((line) => line.split(' ')[0])
    .join(' ');
/** Does what is asked and answers in other words. */
const storing =
  (registry: ScriptedRegistry, status: number, headers: Record<string, string> = {}): Fault =>
  async ({ request, response, url, read }) => {
    registry.storage.answer(request.method ?? '', url, {}, await read());
    response.writeHead(status, headers).end();
  };

describe('an upload', () => {
  test.each([200, 202, 204])('that ends with %i is looked for', async (status) => {
    const registry = await openRegistry();
    registry.once(/^PUT/, storing(registry, status));
    expect(await push(registry)).toBe('uploaded');
    expect(methods(registry)).toBe('HEAD POST PUT HEAD');

    const forgetful = await openRegistry();
    forgetful.always(/^PUT/, { status });
    expect(await failureOf(push(forgetful))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining(`blob ${digest} of ${forgetful.host}/new is missing after its upload`),
    });
    expect(forgetful.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(2);
  });

  test.each<[string, Record<string, string>]>([
    ['into another repository', { location: `/v2/nev/blobs/${digest}` }],
    ['as another blob', { location: `/v2/new/blobs/${canonicalDigest('other')}` }],
    ['as something that is no digest', { 'docker-content-digest': `${digest.slice(0, -1)}o` }],
    ['at no address', { location: 'http://[' }],
  ])('that was taken %s without TLS is looked for, and sent again if need be', async (_name, headers) => {
    const registry = await openRegistry();
    registry.once(/^PUT/, { status: 201, headers });
    expect(await push(registry)).toBe('uploaded');
    expect(stored(registry)).toBe(true);
    expect(methods(registry)).toMatch(/^HEAD POST PUT HEAD HEAD (GET )?POST PUT$/);

    const sound = await openRegistry();
    sound.once(/^PUT/, storing(sound, 201, headers));
    expect(await push(sound)).toBe('uploaded');
    expect(methods(sound)).toBe('HEAD POST PUT HEAD');
  });

  test.each([
    ['a whole address', (host: string) => `http://${host}/v2/new/blobs/${digest}`],
    ['a proxy that changes it', () => `https://registry.test/prefix/v2/new/blobs/${digest}`],
    ['an encoded digest', () => `/v2/new/blobs/${encodeURIComponent(digest)}`],
  ])('that was taken at %s is not looked for', async (_name, location) => {
    const registry = await openRegistry();
    registry.once(/^PUT/, storing(registry, 201, { location: location(registry.host) }));

    expect(await push(registry)).toBe('uploaded');
    expect(methods(registry)).toBe('HEAD POST PUT');
  });

  test.each([200, 201, 204])('may be opened with %i', async (status) => {
    const registry = await openRegistry();
    registry.storage.answer('POST', new URL('http://x/v2/new/blobs/uploads/'), {}, Buffer.alloc(0));
    registry.once(/^POST/, { status, headers: { location: '/v2/new/blobs/uploads/u1' } });

    expect(await push(registry)).toBe('uploaded');
    expect(stored(registry)).toBe(true);
  });

  test('that is unknown without further words starts again, in a repository that is unknown not', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, { status: 404 });
    expect(await push(registry)).toBe('uploaded');
    expect(methods(registry)).toMatch(/^HEAD POST PUT HEAD (GET )?POST PUT$/);

    const other = await openRegistry();
    other.always(/^PUT/, failure(404, 'NAME_UNKNOWN'));
    expect((await failureOf(push(other))).code).toBe('REGISTRY_NOT_FOUND');
    expect(other.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(1);
  });

  test.each<[string, Fault, string]>([
    ['is forbidden', { status: 403 }, 'uploaded'],
    ['is not known', { status: 405 }, 'uploaded'],
    [
      'leads elsewhere',
      ({ response, url }) => response.writeHead(307, { location: `${url.pathname}?there` }).end(),
      'existed',
    ],
    ['is nonsense', { status: 400 }, 'REGISTRY_REFUSED'],
  ])('goes by the question whether the blob exists, which %s', async (_name, fault, outcome) => {
    const registry = await openRegistry();
    registry.once(/^HEAD/, fault);
    if (outcome === 'existed') registry.storage.repository('new').blobs.set(digest, BYTES);

    expect(await push(registry).catch((error: { code: string }) => error.code)).toBe(outcome);
  });

  test('in chunks has chunks as large as the registry wants', async () => {
    const least = 5 * 1024 * 1024;
    const registry = await openRegistry();
    registry.once(/^PUT/, { status: 413 });
    registry.always(/^POST/, async ({ request, response, url, read }) => {
      const answer = registry.storage.answer(request.method ?? '', url, {}, await read());
      response.writeHead(answer.status, { ...answer.headers, 'oci-chunk-min-length': String(least) }).end();
    });

    expect(await push(registry)).toBe('uploaded');
    expect(
      registry.requests
        .filter(({ method }) => method === 'PATCH')
        .map(({ headers }) => Number(headers['content-length'])),
    ).toEqual([least, least, BYTES.length - 2 * least]);
    expect(stored(registry)).toBe(true);
  });

  test('of nothing works', async () => {
    const registry = await openRegistry();
    const nothing = blobOf(Buffer.alloc(0));

    const { client } = openClient();
    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, nothing)).toBe('uploaded');
    expect(registry.storage.repository('new').blobs.get(nothing.descriptor.digest)?.length).toBe(0);
  });

  test('that is aborted does not wait long for a registry that will not hear of it', async () => {
    const registry = await openRegistry();
    registry.always(/^DELETE/, () => {});
    const controller = new AbortController();
    const reason = new Error('enough');

    const pushing = openClient().client.pushBlob({ domain: registry.host, path: 'new' }, BLOB, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });

    await expect(pushing).rejects.toBe(reason);
    expect(methods(registry)).toContain('DELETE');
  });
});

describe('a manifest', () => {
  const pushManifest = async (registry: ScriptedRegistry, bytes?: Buffer) => {
    const { reference, manifest } = storeImage(registry);
    return await openClient().client.pushManifest(reference, MEDIA_TYPES.ociManifest, bytes ?? manifest);
  };

  test('that was taken without saying as what is looked for, and waited for', async () => {
    const registry = await openRegistry();
    const { manifest } = storeImage(registry);
    registry.always(/^PUT/, { status: 201 });
    registry.once(/^HEAD/, { status: 404 });
    expect(await pushManifest(registry)).toBe(canonicalDigest(manifest));
    expect(registry.trace()).toEqual([
      'PUT /v2/app/manifests/1',
      `HEAD /v2/app/manifests/${canonicalDigest(manifest)}`,
      `HEAD /v2/app/manifests/${canonicalDigest(manifest)}`,
    ]);

    const other = Buffer.concat([manifest, Buffer.from(' ')]);
    expect(await failureOf(pushManifest(registry, other))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: `manifest ${registry.host}/app:1 is missing after it was pushed`,
    });
    const silent = await openRegistry();
    silent.always(/^PUT/, { status: 201 });
    silent.always(/^HEAD/, { status: 403 });
    expect(await pushManifest(silent, other)).toBe(canonicalDigest(other));
  });

  test.each([400, 413])('that is refused with %i is not sent again', async (status) => {
    const registry = await openRegistry();
    registry.always(/^PUT/, failure(status, 'MANIFEST_INVALID', 'no OCI here'));

    expect(await failureOf(pushManifest(registry))).toMatchObject({ code: 'REGISTRY_REFUSED', status });
    expect(registry.requests).toHaveLength(1);
    expect(registry.requests[0]?.headers['content-type']).toBe(MEDIA_TYPES.ociManifest);
  });

  test.each<[number, string, string]>([
    [400, 'TAG_INVALID', 'the tag is immutable'],
    [403, 'DENIED', 'tag already exists'],
    [409, 'CONFLICT', 'no'],
    [412, 'PRECONDITION', 'configured as immutable'],
  ])('under a tag that must not move is told by %i %s', async (status, code, message) => {
    const registry = await openRegistry();
    const { manifest } = storeImage(registry);
    registry.always(/^PUT/, failure(status, code, message));

    expect(await pushManifest(registry)).toBe(canonicalDigest(manifest));
    expect((await failureOf(pushManifest(registry, Buffer.concat([manifest, Buffer.from(' ')])))).code).toBe(
      'REGISTRY_TAG_IMMUTABLE',
    );
  });

  test('with a subject of a long digest and no type of its own is entered as the specification says', async () => {
    const registry = await openRegistry({ referrers: false });
    const { layer } = storeImage(registry);
    const config = { ...layer, mediaType: 'application/vnd.test.config' };
    const hex = createHash('sha512').update('subject').digest('hex');
    const subject: Descriptor = { ...layer, mediaType: MEDIA_TYPES.ociManifest, digest: `sha512:${hex}` };
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociManifest,
        config,
        layers: [],
        subject,
      }),
    );
    const at = { domain: registry.host, path: 'app', digest: canonicalDigest(bytes) };

    await openClient().client.pushManifest(at, MEDIA_TYPES.ociManifest, bytes);

    const { tags, manifests } = registry.storage.repository('app');
    const list = manifests.get(tags.get(`sha512-${hex.slice(0, 64)}`) ?? '');
    expect(JSON.parse(list?.bytes.toString() ?? '{}')).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [
        {
          mediaType: MEDIA_TYPES.ociManifest,
          digest: canonicalDigest(bytes),
          size: bytes.length,
          artifactType: 'application/vnd.test.config',
        },
      ],
    });
  });
});
