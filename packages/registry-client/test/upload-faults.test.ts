// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { createUploadFolder, type RegistryClientOptions } from '../src/index.ts';
import { type Exchange, failure, type ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const BYTES = Buffer.from(
  Array.from({ length: 1_300_000 }, (_, index) => `${index}`.padStart(8, '.')).join(''),
);
const BLOB = blobOf(BYTES);
const { digest } = BLOB.descriptor;
const PART = 3_000_000;

const push = async (registry: ScriptedRegistry, options?: RegistryClientOptions, blob = BLOB) =>
  await openClient(options).client.pushBlob({ domain: registry.host, path: 'new' }, blob);
const stored = (registry: ScriptedRegistry) =>
  registry.storage.repository('new').blobs.get(digest)?.equals(BYTES) === true;
const methods = (registry: ScriptedRegistry) =>
  registry
    .trace()
    .map((line) => line.split(' ')[0])
    .join(' ');

/** Takes the beginning of a body into the upload, then hangs up. */
function cutAfter(registry: ScriptedRegistry, count: number) {
  return async ({ request, url }: Exchange): Promise<void> => {
    const take = registry.storage.receive(
      request.method ?? '',
      url,
      request.headers as Record<string, string | undefined>,
    );
    let taken = 0;
    for await (const chunk of request) {
      if (typeof take === 'function') take((chunk as Buffer).subarray(0, count - taken));
      taken += (chunk as Buffer).length;
      if (taken >= count) break;
    }
    request.socket.resetAndDestroy();
  };
}

describe('an upload that breaks', () => {
  test('goes on from what the registry has', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, cutAfter(registry, PART));
    const { client, events } = openClient();

    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, BLOB)).toBe('uploaded');

    expect(methods(registry)).toBe('HEAD POST PUT HEAD GET PUT');
    expect(registry.requests.at(-1)?.headers).toMatchObject({
      'content-range': `${PART}-${BYTES.length - 1}`,
      'content-length': String(BYTES.length - PART),
    });
    expect(events).toContainEqual({ type: 'upload-resumed', digest, offset: PART });
    expect(stored(registry)).toBe(true);
  });

  test('as often as it makes progress', async () => {
    const registry = await openRegistry();
    const cut = cutAfter(registry, 1_000_000);
    registry.once(/^PUT/, cut, cut, cut, cut, cut, cut, cut);

    expect(await push(registry, { retry: { retries: 1 } })).toBe('uploaded');
    expect(stored(registry)).toBe(true);
  });

  test('starts again where the registry does not say what it has, or says too much', async () => {
    for (const status of [
      failure(404, 'BLOB_UPLOAD_UNKNOWN'),
      { status: 204 },
      { status: 204, headers: { range: '0-0' } },
      { status: 204, headers: { range: '0-99999999' } },
    ]) {
      const registry = await openRegistry();
      registry.once(/^PUT/, cutAfter(registry, PART));
      registry.once(/^GET .*uploads/, status);

      expect(await push(registry)).toBe('uploaded');
      expect(methods(registry)).toMatch(/^HEAD POST PUT HEAD GET (DELETE )?POST PUT$/);
      expect(stored(registry)).toBe(true);
    }
  });

  test('that stands elsewhere than believed is asked again', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, cutAfter(registry, PART));
    registry.once(/^GET .*uploads/, {
      status: 204,
      headers: { range: '0-99', location: '/v2/new/blobs/uploads/u1' },
    });

    expect(await push(registry)).toBe('uploaded');
    expect(methods(registry)).toBe('HEAD POST PUT HEAD GET PUT HEAD GET PUT');
    expect(stored(registry)).toBe(true);
  });

  test('is taken up by a later process', async () => {
    const registry = await openRegistry();
    const folder = await temporaryFolder();
    const uploads = createUploadFolder(`${folder}/uploads`);
    registry.always(/^PUT/, cutAfter(registry, PART));
    registry.always(/^GET .*uploads/, { status: 500 });

    expect((await failureOf(push(registry, { uploads, retry: { retries: 0 } }))).code).toBe(
      'REGISTRY_UNREACHABLE',
    );
    const [record = ''] = await readdir(`${folder}/uploads`);
    expect((await stat(`${folder}/uploads/${record}`)).mode & 0o777).toBe(0o600);
    // The same registry later, well again.
    const next = openClient({ uploads });
    registry.once(/^(?:PUT|GET)/, ({ proceed }) => proceed());
    registry.once(/^(?:PUT|GET)/, ({ proceed }) => proceed());
    expect(await next.client.pushBlob({ domain: registry.host, path: 'new' }, BLOB)).toBe('uploaded');

    expect(next.events).toContainEqual({ type: 'upload-resumed', digest, offset: PART });
    expect(await readdir(`${folder}/uploads`)).toEqual([]);
    expect(stored(registry)).toBe(true);
  });

  test('is forgotten after a week', async () => {
    const folder = await temporaryFolder();
    const record = { location: 'https://r.test/v2/a/blobs/uploads/1', owner: 1 };
    await createUploadFolder(folder).save('old', record);
    const inAMonth = createUploadFolder(folder, () => Date.now() + 30 * 24 * 60 * 60 * 1000);
    expect(await inAMonth.load('old')).toEqual(record);

    await inAMonth.save('new', record).catch(() => {});

    expect(await inAMonth.load('old')).toBeUndefined();
  });

  test('in another process that lives is left to it', async () => {
    const registry = await openRegistry();
    const uploads = createUploadFolder(await temporaryFolder());
    const key = `${registry.host}/new@${digest}`;
    await uploads.save(key, {
      location: `${registry.origin}/v2/new/blobs/uploads/other`,
      owner: process.ppid,
    });

    expect(await push(registry, { uploads })).toBe('uploaded');
    expect(methods(registry)).toBe('HEAD POST PUT');
  });
});

describe('an upload that is too large for one request', () => {
  const limited = (registry: ScriptedRegistry, most: number) =>
    registry.always(/^(?:PUT|PATCH)/, async ({ request, response, proceed }) => {
      if (Number(request.headers['content-length']) <= most) return await proceed();
      request.resume();
      response.writeHead(413, { connection: 'close' }).end();
    });
  const sizes = (registry: ScriptedRegistry) =>
    registry.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => Number(headers['content-length']));

  test('goes in chunks', async () => {
    const registry = await openRegistry();
    limited(registry, 4 * 1024 * 1024);

    expect(await push(registry)).toBe('uploaded');
    expect(sizes(registry)).toEqual([4194304, 4194304, 2011392]);
    expect(registry.requests.find(({ method }) => method === 'PATCH')?.headers['content-range']).toBe(
      '0-4194303',
    );
    expect(stored(registry)).toBe(true);
  });

  test('goes in smaller chunks, down to 1 MiB', async () => {
    const registry = await openRegistry();
    limited(registry, 1024 * 1024);
    expect(await push(registry)).toBe('uploaded');
    expect(sizes(registry).slice(0, 3)).toEqual([4194304, 2097152, 1048576]);
    expect(stored(registry)).toBe(true);

    const stricter = await openRegistry();
    limited(stricter, 1024);
    expect(await failureOf(push(stricter))).toMatchObject({ code: 'REGISTRY_REFUSED', status: 413 });
  });

  test('goes on from where the registry says it is', async () => {
    for (const [reply, wanted] of [
      // Less kept than sent.
      [{ range: '0-1999999' }, '2000000-6194303'],
      // Nothing said.
      [{}, '4194304-8388607'],
    ] as const) {
      const registry = await openRegistry();
      limited(registry, 4 * 1024 * 1024);
      registry.once(/^PATCH/, async ({ request, response, url, read }) => {
        const bytes = await read();
        const kept = 'range' in reply ? bytes.subarray(0, 2_000_000) : bytes;
        const headers = request.headers as Record<string, string | undefined>;
        registry.storage.answer('PATCH', url, { ...headers, 'content-range': undefined }, kept);
        response.writeHead(202, { location: `${url.pathname}${url.search}`, ...reply }).end();
      });

      expect(await push(registry)).toBe('uploaded');
      expect(registry.requests.filter(({ method }) => method === 'PATCH')[1]?.headers['content-range']).toBe(
        wanted,
      );
      expect(stored(registry)).toBe(true);
    }
  });

  test('starts again where the registry claims more than was sent, and asks where it says there is a gap', async () => {
    for (const answer of [
      { status: 202, headers: { range: '0-99999999', location: '/v2/new/blobs/uploads/u1' } },
      { status: 416, headers: { range: '0-0' } },
    ]) {
      const registry = await openRegistry();
      limited(registry, 4 * 1024 * 1024);
      registry.once(/^PATCH/, answer);

      expect(await push(registry)).toBe('uploaded');
      expect(stored(registry)).toBe(true);
    }
  });

  test('goes in one request after all where chunks get nowhere', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, { status: 413 });
    // As ECR does: 201, and the range never advances.
    registry.always(/^PATCH/, async ({ response, url, read }) => {
      await read();
      response.writeHead(201, { location: `${url.pathname}${url.search}`, range: '0-0' }).end();
    });

    expect(await push(registry)).toBe('uploaded');
    expect(methods(registry)).toBe('HEAD POST PUT POST PATCH PATCH HEAD POST PUT');
    expect(stored(registry)).toBe(true);
  });
});

describe('an upload the registry calls corrupt', () => {
  test('is sent once more when the source is sound', async () => {
    const registry = await openRegistry();
    registry.once(/^PUT/, failure(400, 'DIGEST_INVALID'));
    expect(await push(registry)).toBe('uploaded');
    expect(stored(registry)).toBe(true);

    registry.storage.repository('new').blobs.clear();
    registry.always(/^PUT/, failure(400, 'DIGEST_INVALID'));
    expect(await failureOf(push(registry))).toMatchObject({
      code: 'REGISTRY_DIGEST_MISMATCH',
      message: expect.stringContaining('arrived as something else'),
    });
    expect(registry.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(4);
  });

  test('and is, where it is stored, is an error that says so', async () => {
    const registry = await openRegistry();
    const rotten = { ...blobOf(Buffer.alloc(BYTES.length, 'rot')), descriptor: BLOB.descriptor };

    expect(await failureOf(push(registry, {}, rotten))).toMatchObject({
      code: 'REGISTRY_DIGEST_MISMATCH',
      message: `blob ${digest} to upload is corrupt where it is stored`,
    });
    expect(registry.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(1);
  });
});

test('two clients push one blob and one tag at once, and both succeed', async () => {
  const registry = await openRegistry();
  const clients = [openClient().client, openClient().client];
  const { reference, manifest } = storeImage(registry);

  const outcomes = await Promise.all(
    clients.map(async (client) => {
      await client.pushBlob({ domain: registry.host, path: 'new' }, BLOB);
      return await client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest);
    }),
  );

  expect(new Set(outcomes).size).toBe(1);
  expect(stored(registry)).toBe(true);
  expect(registry.trace().some((line) => line.startsWith('DELETE'))).toBe(false);
});
