// SPDX-License-Identifier: MIT
/* What the distribution specification asks of a registry, asked of the scripted one without the client. */

import { canonicalDigest } from '@img-build/oci';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ScriptedRegistry, startScriptedRegistry } from '../src/testing/index.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
let registry: ScriptedRegistry;
const at = (path: string) => `${registry.origin}/v2/${path}`;
const call = async (method: string, url: string, options: RequestInit = {}) =>
  await fetch(url.startsWith('/') ? registry.origin + url : url, { method, ...options });
const location = (response: Response) => new URL(response.headers.get('location') ?? '', registry.origin);
const errorCode = async (response: Response) =>
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code;

async function pushBlob(path: string, text: string): Promise<string> {
  const digest = canonicalDigest(text);
  const place = location(await call('POST', at(`${path}/blobs/uploads/`)));
  place.searchParams.set('digest', digest);
  expect((await call('PUT', place.href, { body: text })).status).toBe(201);
  return digest;
}

async function pushManifest(path: string, name: string | undefined, extra: object = {}) {
  const config = await pushBlob(path, '{}');
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: config, size: 2 },
    layers: [],
    ...extra,
  });
  const digest = canonicalDigest(body);
  const response = await call('PUT', at(`${path}/manifests/${name ?? digest}`), {
    body,
    headers: { 'content-type': MANIFEST },
  });
  return { digest, body, response };
}

beforeAll(async () => {
  registry = await startScriptedRegistry({ pageSize: 4 });
});

afterAll(async () => {
  await registry.close();
});

test('the base answers', async () => {
  expect((await call('GET', at(''))).status).toBe(200);
});

describe('pull', () => {
  test('of a blob: HEAD, GET and what is not there', async () => {
    const digest = await pushBlob('pull', 'some blob');
    const [head, get] = [
      await call('HEAD', at(`pull/blobs/${digest}`)),
      await call('GET', at(`pull/blobs/${digest}`)),
    ];

    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '9', '']);
    expect([get.status, await get.text()]).toEqual([200, 'some blob']);
    for (const method of ['HEAD', 'GET'])
      expect((await call(method, at(`pull/blobs/${canonicalDigest('absent')}`))).status).toBe(404);
    expect(await errorCode(await call('GET', at(`pull/blobs/${canonicalDigest('absent')}`)))).toBe(
      'BLOB_UNKNOWN',
    );
  });

  test.each([
    ['bytes=2-', 206, 'bytes 2-8/9', 'me blob'],
    ['bytes=0-3', 206, 'bytes 0-3/9', 'some'],
    ['bytes=5-99', 206, 'bytes 5-8/9', 'blob'],
    ['bytes=9-', 416, 'bytes */9', ''],
  ])('of a part of a blob, %s', async (range, status, contentRange, text) => {
    const digest = await pushBlob('pull', 'some blob');
    const response = await call('GET', at(`pull/blobs/${digest}`), { headers: { range } });

    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
      status,
      contentRange,
      text,
    ]);
  });

  test('of a manifest by tag and digest', async () => {
    const { digest, body } = await pushManifest('pull', 'v1');
    for (const name of ['v1', digest]) {
      const [head, get] = [
        await call('HEAD', at(`pull/manifests/${name}`)),
        await call('GET', at(`pull/manifests/${name}`)),
      ];
      expect([
        head.status,
        head.headers.get('docker-content-digest'),
        head.headers.get('content-type'),
      ]).toEqual([200, digest, MANIFEST]);
      expect(await get.text()).toBe(body);
    }
    expect(await errorCode(await call('GET', at('pull/manifests/absent')))).toBe('MANIFEST_UNKNOWN');
    expect(await errorCode(await call('GET', at('nobody/manifests/1')))).toBe('NAME_UNKNOWN');
  });
});

describe('push', () => {
  test('of a blob in one POST', async () => {
    const digest = canonicalDigest('whole');
    const response = await call('POST', at(`push/blobs/uploads/?digest=${digest}`), { body: 'whole' });

    expect([response.status, location(response).pathname]).toEqual([201, `/v2/push/blobs/${digest}`]);
    expect(await (await call('GET', at(`push/blobs/${digest}`))).text()).toBe('whole');
  });

  test('of a blob in chunks, in order only', async () => {
    const started = await call('POST', at('push/blobs/uploads/'));
    expect(started.status).toBe(202);
    let place = location(started);
    const patch = async (range: string, body: string) =>
      await call('PATCH', place.href, { body, headers: { 'content-range': range } });

    const first = await patch('0-4', 'first');
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-4']);
    place = location(first);
    const gap = await patch('9-13', 'later');
    expect([gap.status, gap.headers.get('range')]).toEqual([416, '0-4']);
    const status = await call('GET', place.href);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-4']);
    place = location(await patch('5-10', ' then '));
    place.searchParams.set('digest', canonicalDigest('first then last'));
    expect(
      (await call('PUT', place.href, { body: 'last', headers: { 'content-range': '11-14' } })).status,
    ).toBe(201);
  });

  test('of a blob that is not what it says', async () => {
    const place = location(await call('POST', at('push/blobs/uploads/')));
    place.searchParams.set('digest', canonicalDigest('other'));

    const response = await call('PUT', place.href, { body: 'this' });
    expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('only of names as the specification has them', async () => {
    for (const name of ['Ours', 'a//b', 'a/-b', 'a__.b'])
      expect((await call('POST', at(`${name}/blobs/uploads/`))).status).toBe(404);
    expect((await call('POST', at('a--b/c__d.e/blobs/uploads/'))).status).toBe(202);
  });

  test('of a blob that is given up', async () => {
    const place = location(await call('POST', at('push/blobs/uploads/')));
    expect((await call('DELETE', place.href)).status).toBe(204);
    expect(await errorCode(await call('PATCH', place.href, { body: 'x' }))).toBe('BLOB_UPLOAD_UNKNOWN');
  });

  test('of a blob another repository has', async () => {
    const digest = await pushBlob('push', 'shared');
    const mounted = await call('POST', at(`other/blobs/uploads/?mount=${digest}&from=push`));
    expect([mounted.status, location(mounted).pathname]).toEqual([201, `/v2/other/blobs/${digest}`]);
    const absent = await call(
      'POST',
      at(`other/blobs/uploads/?mount=${canonicalDigest('absent')}&from=push`),
    );
    expect(absent.status).toBe(202);
  });

  test('of a manifest, and of what is none', async () => {
    const { response, digest } = await pushManifest('push', 'v1');
    expect([response.status, response.headers.get('docker-content-digest')]).toEqual([201, digest]);
    const put = async (name: string, body: string, type = MANIFEST) =>
      await errorCode(
        await call('PUT', at(`push/manifests/${name}`), { body, headers: { 'content-type': type } }),
      );

    expect(await put('v2', 'no json')).toBe('MANIFEST_INVALID');
    expect(await put('v2', JSON.stringify({ mediaType: INDEX }))).toBe('MANIFEST_INVALID');
    expect(await put(canonicalDigest('other'), '{}')).toBe('DIGEST_INVALID');
    expect(await put('v2', JSON.stringify({ layers: [{ digest: canonicalDigest('absent') }] }))).toBe(
      'MANIFEST_BLOB_UNKNOWN',
    );
    expect(
      await put('v2', JSON.stringify({ manifests: [{ digest: canonicalDigest('absent') }] }), INDEX),
    ).toBe('MANIFEST_BLOB_UNKNOWN');
  });
});

describe('discovery', () => {
  test('of tags, sorted and in pages', async () => {
    for (const tag of ['d', 'b', 'f', 'a', 'e', 'c']) await pushManifest('found', tag);
    const list = async (query: string) => {
      const response = await call('GET', at(`found/tags/list${query}`));
      return [((await response.json()) as { tags: string[] }).tags.join(''), response.headers.get('link')];
    };

    expect(await list('?n=2')).toEqual(['ab', '</v2/found/tags/list?n=2&last=b>; rel="next"']);
    expect(await list('?n=2&last=b')).toEqual(['cd', '</v2/found/tags/list?n=2&last=d>; rel="next"']);
    expect(await list('?n=2&last=d')).toEqual(['ef', null]);
    expect(await list('')).toEqual(['abcd', '</v2/found/tags/list?n=4&last=d>; rel="next"']);
    expect(await list('?n=0')).toEqual(['', null]);
  });

  test('of referrers, all or of one type, also before the subject is there', async () => {
    const subject = canonicalDigest('not there yet');
    const refer = async (artifactType: string) =>
      await pushManifest('found', undefined, {
        artifactType,
        subject: { mediaType: MANIFEST, digest: subject, size: 5 },
        annotations: { of: artifactType },
      });
    const [one, two] = [await refer('application/one'), await refer('application/two')];
    expect(one.response.headers.get('oci-subject')).toBe(subject);
    const list = async (query: string) => {
      const response = await call('GET', at(`found/referrers/${subject}${query}`));
      const { manifests } = (await response.json()) as {
        manifests: { digest: string; artifactType: string; annotations: object }[];
      };
      return {
        type: response.headers.get('content-type'),
        filter: response.headers.get('oci-filters-applied'),
        manifests,
      };
    };

    const all = await list('');
    expect([all.type, all.filter]).toEqual([INDEX, null]);
    expect(all.manifests.map(({ digest }) => digest).toSorted()).toEqual([one.digest, two.digest].toSorted());
    expect(all.manifests.find(({ digest }) => digest === one.digest)).toMatchObject({
      artifactType: 'application/one',
      annotations: { of: 'application/one' },
    });
    const some = await list('?artifactType=application/two');
    expect([some.filter, some.manifests.map(({ digest }) => digest)]).toEqual(['artifactType', [two.digest]]);
    expect((await call('GET', at('found/referrers/nonsense'))).status).toBe(400);
  });
});

describe('management', () => {
  test('deletes tags, manifests and blobs', async () => {
    const { digest } = await pushManifest('gone', 'v1');
    await pushManifest('gone', 'v2');
    const status = async (method: string, path: string) => (await call(method, at(`gone/${path}`))).status;

    expect(await status('DELETE', 'manifests/v1')).toBe(202);
    expect([await status('GET', 'manifests/v1'), await status('GET', 'manifests/v2')]).toEqual([404, 200]);
    expect(await status('DELETE', `manifests/${digest}`)).toBe(202);
    expect([await status('GET', 'manifests/v2'), await status('DELETE', `manifests/${digest}`)]).toEqual([
      404, 404,
    ]);
    const blob = canonicalDigest('{}');
    expect([await status('DELETE', `blobs/${blob}`), await status('GET', `blobs/${blob}`)]).toEqual([
      202, 404,
    ]);
    expect(await status('DELETE', `blobs/${blob}`)).toBe(404);
  });
});
