// SPDX-License-Identifier: MIT
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { Exchange } from '../src/testing/index.ts';
import { mirroredBy, mirrorFailures } from './support/settings.ts';
import { failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

const MANIFEST = /^GET .*\/manifests\//;
const HEADERS = { 'content-type': MEDIA_TYPES.ociManifest };

/** Sends the beginning of a document and then nothing, or hangs up. */
function beginning(bytes: Buffer, how: 'hang' | 'end' | 'reset' | 'nothing') {
  return ({ request, response }: Exchange): void => {
    response.writeHead(200, { ...HEADERS, 'content-length': String(bytes.length) });
    response.flushHeaders();
    if (how === 'nothing') return;
    response.write(bytes.subarray(0, 20), () => {
      if (how === 'end') request.socket.end();
      if (how === 'reset') request.socket.resetAndDestroy();
    });
  };
}

/** Sends a byte now and then, for ever. */
function drip(length: number) {
  return ({ response }: Exchange): void => {
    response.writeHead(200, { ...HEADERS, 'content-length': String(length) });
    const timer = setInterval(() => response.write(' '), 5);
    response.once('close', () => clearInterval(timer));
  };
}

describe('a manifest', () => {
  test.each(['nothing', 'hang', 'end', 'reset'] as const)(
    'whose connection breaks in the middle (%s) is asked for again',
    async (how) => {
      const registry = await openRegistry();
      const { reference, manifest } = storeImage(registry);
      registry.once(MANIFEST, beginning(manifest, how), beginning(manifest, how));
      const { client, events } = openClient({ retry: { stallTimeout: 400 } });

      const { bytes } = await client.manifest(reference);

      expect(Buffer.from(bytes).equals(manifest)).toBe(true);
      expect(registry.trace().slice(0, 3)).toEqual(Array(3).fill('GET /v2/app/manifests/1'));
      expect(events.filter(({ type }) => type === 'request-retried').length).toBeGreaterThanOrEqual(2);
    },
  );

  test('that drips is given up and asked for again', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.once(MANIFEST, drip(manifest.length * 1000));
    const { client, events } = openClient({ retry: { stallTimeout: 400 } });

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'request-retried', reason: expect.stringContaining('stalled') }),
    );
  });

  test('that always breaks off is an error in the end', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.always(MANIFEST, beginning(manifest, 'reset'));
    const { client, timing } = openClient();

    expect(await failureOf(client.manifest(reference))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      temporary: true,
      message: expect.stringContaining(registry.host),
    });
    expect(timing.sleeps).toEqual([200, 400, 800, 1600, 3200]);
  });

  test('that breaks off at a mirror is taken from the registry', async () => {
    const [registry, mirror] = [await openRegistry(), await openRegistry()];
    const { reference, manifest } = storeImage(registry);
    mirror.always(MANIFEST, beginning(manifest, 'reset'));
    const { options } = await mirroredBy(registry, mirror);
    const { client, events } = openClient(options);

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect([mirror.requests.length, registry.requests.length]).toEqual([1, 1]);
    expect(mirrorFailures(events)).toHaveLength(1);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ])('that a proxy sends as %s is judged by what is inside', async (encoding, encode) => {
    const registry = await openRegistry();
    const { reference, manifest, layer, layerBytes } = storeImage(registry);
    const { digest } = await openClient().client.resolve(reference);
    const headers = { ...HEADERS, 'content-encoding': encoding };
    registry.always(MANIFEST, { status: 200, headers, body: encode(manifest) });
    registry.always(/\/blobs\//, { status: 200, headers, body: encode(layerBytes) });
    const { client } = openClient();

    const found = await client.manifest({ domain: registry.host, path: 'app', digest });

    expect(Buffer.from(found.bytes).equals(manifest)).toBe(true);
    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(registry.requests.at(-1)?.headers['accept-encoding']).toBe('identity');
  });

  test('that swells behind its encoding is read to the limit', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(MANIFEST, {
      status: 200,
      headers: { ...HEADERS, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(50_000_000, ' ')),
    });

    expect(await failureOf(openClient().client.manifest(reference))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('longer than 4194304 bytes'),
    });
  });
});

describe('headers', () => {
  test('that do not come, or drip, are not waited for', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.once(
      MANIFEST,
      () => {},
      ({ request: { socket } }) => {
        socket.write('HTTP/1.1 200 OK\r\nx-long: ');
        const timer = setInterval(() => socket.write('x'), 5);
        socket.once('close', () => clearInterval(timer));
      },
    );
    const { client, events } = openClient({ retry: { stallTimeout: 400 } });

    const { bytes } = await client.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    const reasons = events.flatMap((event) => (event.type === 'request-retried' ? [event.reason] : []));
    expect(reasons.slice(0, 2)).toEqual(Array(2).fill(`cannot reach ${registry.host}: no answer in time`));
  });

  test('may be long, and not endless', async () => {
    const registry = await openRegistry();
    const { reference, manifest } = storeImage(registry);
    registry.once(
      MANIFEST,
      { status: 200, headers: { ...HEADERS, 'x-long': 'x'.repeat(40_000) }, body: manifest },
      { status: 200, headers: { ...HEADERS, 'x-long': 'x'.repeat(80_000) }, body: manifest },
    );
    const { client } = openClient();

    expect(Buffer.from((await client.manifest(reference)).bytes).equals(manifest)).toBe(true);
    expect((await failureOf(client.manifest(reference))).code).toBe('REGISTRY_PROTOCOL');
  });
});

test('a blob that drips is given up and goes on', async () => {
  const registry = await openRegistry();
  const { reference, layer, layerBytes } = storeImage(registry);
  registry.once(/^GET .*\/blobs\//, ({ response }) => {
    response.writeHead(200, { 'content-length': String(layer.size) });
    let sent = 0;
    const timer = setInterval(() => response.write(layerBytes.subarray(sent, ++sent)), 5);
    response.once('close', () => clearInterval(timer));
  });
  const { client, events } = openClient({ retry: { stallTimeout: 400 } });

  expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);

  const resumed = events.flatMap((event) => (event.type === 'blob-resumed' ? [event] : []));
  expect(resumed[0]?.reason).toContain('stalled');
  expect(resumed[0]?.offset).toBeGreaterThan(0);
  expect(registry.requests[1]?.headers['range']).toBe(`bytes=${resumed[0]?.offset}-`);
});

test('an error without end is read to its limit', async () => {
  const registry = await openRegistry();
  const { reference } = storeImage(registry);
  registry.always(/./, ({ response }) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.write('{"errors":[{"code":"X","message":"');
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'y')));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });

  const error = await failureOf(openClient().client.manifest(reference));

  expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', status: 400, errors: [] });
  expect(error.message.length).toBeLessThan(200);
});
