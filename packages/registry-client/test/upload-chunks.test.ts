// SPDX-License-Identifier: MIT
import { MEDIA_TYPES, type Reference } from '@img-build/oci';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createUploadFolder } from '../src/index.ts';
import type { Exchange, ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const CHUNK = 64 * 1024 * 1024;
const SIZE = 2 * CHUNK + 1000;
let blob: ReturnType<typeof blobOf>;

beforeAll(() => {
  blob = blobOf(Buffer.alloc(SIZE, 'a large layer, '), MEDIA_TYPES.ociLayer);
});

const at = (registry: ScriptedRegistry): Reference => ({ domain: registry.host, path: 'large' });
const stored = (registry: ScriptedRegistry): boolean =>
  registry.storage.repository('large').blobs.has(blob.descriptor.digest);
const sent = (registry: ScriptedRegistry): readonly string[] =>
  registry.requests.map(({ method, headers }) =>
    [method, headers['content-range'] ?? headers['content-length']].filter(Boolean).join(' '),
  );

/** As behind a proxy that passes requests on only when they are whole. */
async function breakOff({ request }: Exchange): Promise<void> {
  let received = 0;
  for await (const chunk of request) {
    received += (chunk as Buffer).length;
    if (received > CHUNK / 2) return void request.socket.resetAndDestroy();
  }
}

describe('a large blob, to a registry of the distribution line', () => {
  test('goes in chunks, and on from the last whole one after a broken connection', async () => {
    const registry = await openRegistry();
    const { client, events } = openClient();
    registry.once(/^PATCH/, ({ proceed }) => proceed(), breakOff);

    expect(await client.pushBlob(at(registry), blob)).toBe('uploaded');

    expect(stored(registry)).toBe(true);
    expect(sent(registry)).toEqual([
      'HEAD',
      'POST 0',
      `PATCH 0-${CHUNK - 1}`,
      `PATCH ${CHUNK}-${2 * CHUNK - 1}`,
      'HEAD',
      'GET',
      `PATCH ${CHUNK}-${2 * CHUNK - 1}`,
      `PATCH ${2 * CHUNK}-${SIZE - 1}`,
      'PUT 0',
    ]);
    expect(events).toContainEqual({
      type: 'upload-resumed',
      digest: blob.descriptor.digest,
      offset: CHUNK,
    });
  });

  test('and on from there in the next process', async () => {
    const registry = await openRegistry();
    const folder = await temporaryFolder();
    const uploads = createUploadFolder(folder);
    registry.once(/^PATCH/, ({ proceed }) => proceed());
    registry.always(/^PATCH/, breakOff);
    const first = openClient({ uploads, retry: { retries: 0 } });
    expect(await failureOf(first.client.pushBlob(at(registry), blob))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });

    const patches = registry.requests.length;
    registry.always(/^PATCH/, ({ proceed }) => proceed());
    registry.once(
      /^PATCH/,
      ({ proceed }) => proceed(),
      ({ proceed }) => proceed(),
    );
    expect(await openClient({ uploads }).client.pushBlob(at(registry), blob)).toBe('uploaded');

    expect(sent(registry).slice(patches)).toEqual([
      'HEAD',
      'GET',
      `PATCH ${CHUNK}-${2 * CHUNK - 1}`,
      `PATCH ${2 * CHUNK}-${SIZE - 1}`,
      'PUT 0',
    ]);
    expect(stored(registry)).toBe(true);
  });

  test('goes in one request where chunks are refused, and the host is not tried again', async () => {
    const registry = await openRegistry();
    const { client } = openClient();
    registry.always(/^PATCH/, { status: 405 });

    expect(await client.pushBlob(at(registry), blob)).toBe('uploaded');
    expect(await client.pushBlob({ ...at(registry), path: 'other' }, blob)).toBe('uploaded');

    expect(stored(registry)).toBe(true);
    expect(registry.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
    expect(sent(registry).filter((line) => line === `PUT ${SIZE}`)).toHaveLength(2);
  });
});

test('a large blob goes in one request to registries whose addresses show no state', async () => {
  const registry = await openRegistry();
  const { client } = openClient();
  registry.once(/^POST/, ({ response }) =>
    response.writeHead(202, { location: '/v2/large/blobs/uploads/u1?token=1' }).end(),
  );
  registry.once(/^PUT/, async ({ request, response }) => {
    for await (const _ of request);
    registry.storage.repository('large').blobs.set(blob.descriptor.digest, Buffer.alloc(0));
    response.writeHead(201).end();
  });

  expect(await client.pushBlob(at(registry), blob)).toBe('uploaded');
  expect(sent(registry)).toEqual(['HEAD', 'POST 0', `PUT ${SIZE}`]);
});
