// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Exchange } from '../src/testing/index.ts';
import { createTestTiming, openClient, openRegistry, storeImage } from './support/setup.ts';

/** A clock that only tests wind, and whose sleepers wake when their time has come. */
function createHeldTiming() {
  const { now, random, advance } = createTestTiming();
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();
  const watchers = new Set<() => void>();
  return {
    timing: {
      now,
      random,
      sleep: async (milliseconds: number): Promise<void> => {
        const { promise, resolve } = Promise.withResolvers<void>();
        sleepers.add({ due: now() + milliseconds, wake: resolve });
        for (const watch of watchers) watch();
        await promise;
      },
    },
    advance(milliseconds: number): void {
      advance(milliseconds);
      for (const sleeper of sleepers) {
        if (sleeper.due > now()) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    /** Waits for a number of sleepers; tells how long each has left. */
    async sleeping(count: number): Promise<readonly number[]> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watch = (): void => void (sleepers.size >= count && resolve());
      watchers.add(watch);
      watch();
      await promise;
      watchers.delete(watch);
      return [...sleepers].map(({ due }) => due - now());
    },
  };
}

describe('a registry that refuses everybody for a while', () => {
  test('is left alone by the other requests as well', async () => {
    const [registry, other] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(registry);
    const elsewhere = storeImage(other).reference;
    const held = createHeldTiming();
    const { client } = openClient({ timing: held.timing });
    registry.once(/manifests/, { status: 429, headers: { 'retry-after': '2' } });

    const first = client.manifest(reference);
    await held.sleeping(1);
    held.advance(500);
    const second = client.manifest(reference);
    expect(await held.sleeping(2)).toEqual([1500, 1500]);
    expect(registry.requests).toHaveLength(1);
    // Other hosts have nothing to do with it.
    await client.manifest(elsewhere);

    held.advance(1500);
    await Promise.all([first, second]);
    expect(registry.requests).toHaveLength(3);
  });

  test('is not asked earlier because somebody else was told less, and later when told more', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const held = createHeldTiming();
    const { client } = openClient({ timing: held.timing });
    const answers = [60, 1, 90].map((seconds) => ({ seconds, ...Promise.withResolvers<void>() }));
    // All are under way when the first is refused.
    registry.once(
      /manifests/,
      ...answers.map(({ seconds, promise }) => async ({ response }: Exchange) => {
        await promise;
        response.writeHead(429, { 'retry-after': String(seconds) }).end();
      }),
    );
    const work = Array.from({ length: 3 }, async () => await client.manifest(reference));

    answers[0]?.resolve();
    expect(await held.sleeping(1)).toEqual([60_000]);
    answers[1]?.resolve();
    expect(await held.sleeping(2)).toEqual([60_000, 1000]);
    // The gate for all is still that of the first.
    held.advance(1000);
    expect(await held.sleeping(2)).toEqual([59_000, 59_000]);
    answers[2]?.resolve();
    expect(await held.sleeping(3)).toEqual([59_000, 59_000, 60_000]);
    expect(registry.requests).toHaveLength(3);
    // Who has waited hears that it takes longer.
    held.advance(59_000);
    expect(await held.sleeping(3)).toEqual([1000, 1000, 1000]);
    expect(registry.requests).toHaveLength(3);

    held.advance(1000);
    await Promise.all(work);
    expect(registry.requests).toHaveLength(6);
  });
});

test.each([
  ['where http is said', true],
  ['where it has to be found out', undefined],
])('a registry that starts while it is asked is found, %s', async (_name, plainHttp) => {
  const place = createServer().listen(0, '127.0.0.1');
  await once(place, 'listening');
  const { port } = place.address() as AddressInfo;
  place.close();
  await once(place, 'close');
  const late = createServer((_request, response) => response.writeHead(200).end('{}'));
  const sleeps: number[] = [];
  const timing = {
    ...createTestTiming(),
    sleep: async (milliseconds: number): Promise<void> => {
      sleeps.push(milliseconds);
      late.listen(port, '127.0.0.1');
      await once(late, 'listening');
    },
  };
  const host = `127.0.0.1:${port}`;
  const { client, events } = openClient({ timing, hosts: { [host]: { plainHttp } } });

  await client.ping(host);

  expect(sleeps).toEqual([200]);
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'request-retried',
      attempt: 1,
      reason: `cannot reach ${host}: connection refused`,
    }),
  );
  late.closeAllConnections();
  late.close();
  await once(late, 'close');
});
