// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

describe('a transfer that stands still', () => {
  test('is given up and goes on, downwards', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    registry.once(/^GET .*\/blobs\//, ({ response }) => {
      response.writeHead(200, { 'content-length': layer.size });
      response.write(layerBytes.subarray(0, 1000));
    });
    const { client, events } = openClient({ retry: { stallTimeout: 400 } });
    // Loading what speaks HTTP takes time of its own.
    await client.resolve(reference);

    expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'blob-resumed',
        offset: 1000,
        reason: expect.stringContaining('stalled'),
      }),
    );
  });

  test('is given up and goes on, upwards', async () => {
    const registry = await openRegistry();
    const blob = blobOf(Buffer.alloc(30_000_000, 'more than any socket takes unread. '));
    registry.once(/^PUT/, ({ request }) => void request.pause());
    const { client } = openClient({ retry: { stallTimeout: 400 } });

    expect(await client.pushBlob({ domain: registry.host, path: 'new' }, blob)).toBe('uploaded');
    expect(registry.trace().filter((line) => line.startsWith('PUT'))).toHaveLength(2);
  });

  test('of a slow reader is none', async () => {
    const registry = await openRegistry();
    const { reference, layer } = storeImage(registry);
    const { client, events } = openClient({ retry: { stallTimeout: 400 } });
    let read = 0;

    for await (const chunk of client.blob(reference, layer)) {
      read += chunk.byteLength;
      const until = performance.now() + 60;
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    }

    expect([read, events.filter(({ type }) => type === 'blob-resumed')]).toEqual([layer.size, []]);
  });
});

describe('patience', () => {
  test('follows Retry-After as long as the budget lasts', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/manifests/, { status: 429, headers: { 'retry-after': '30' } });
    const { client, timing } = openClient({ retry: { budget: 300_000 } });

    expect(await failureOf(client.resolve(reference))).toMatchObject({
      code: 'REGISTRY_RATE_LIMITED',
      temporary: true,
      hint: expect.stringContaining('img login'),
    });
    expect(timing.sleeps.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(300_000);
    expect(registry.requests.length).toBeGreaterThan(10);
  });
});
