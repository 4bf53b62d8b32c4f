// SPDX-License-Identifier: MIT
import { canonicalDigest, type Descriptor, MEDIA_TYPES, type Reference } from '@img-build/oci';
import { expect, test } from '@jest/globals';
import { createRegistryClient, type RegistryClient } from '../src/index.ts';
import { seededRandom, startChaosProxy } from './support/chaos-proxy.ts';
import { blobOf, closeLater, openRegistry, readAll } from './support/setup.ts';

const TRANSFERS = 1000;
/** Another one shows other misfortunes: `IMG_CHAOS_SEED=1`. */
const SEED = Number(process.env['IMG_CHAOS_SEED'] ?? 20_261_123);

type Outcome = { readonly result: 'good' | 'wrong' } | { readonly result: 'failed'; readonly code: string };

/** Codes of failures a user can understand; anything else would be a bug that escaped. */
const CLEAR = /^REGISTRY_/;

test('a thousand transfers over bad connections end well or in a clear error, never wrong', async () => {
  const registry = await openRegistry();
  const random = seededRandom(SEED);
  const proxy = closeLater(await startChaosProxy(registry.host, random));
  const client = closeLater(
    createRegistryClient({
      environment: {},
      retry: { baseDelay: 1, maxDelay: 5, retries: 8, stallTimeout: 2000 },
      hosts: { [proxy.host]: { plainHttp: true } },
    }),
  );
  const outcomes: Outcome[] = [];
  const queue = Array.from({ length: TRANSFERS }, (_, index) => index);
  const work = async (): Promise<void> => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift())
      outcomes.push(await transfer(client, registry.storage.repository('chaos'), proxy.host, index, random));
  };

  await Promise.all(Array.from({ length: 6 }, work));

  const count = (result: Outcome['result']) => outcomes.filter((one) => one.result === result).length;
  const codes = outcomes.flatMap((one) => (one.result === 'failed' ? [one.code] : []));
  expect([outcomes.length, count('wrong')]).toEqual([TRANSFERS, 0]);
  expect(codes.filter((code) => !CLEAR.test(code))).toEqual([]);
  // Most must get through, or nothing was shown about those that do.
  expect(count('good')).toBeGreaterThan(TRANSFERS * 0.8);
  for (const kind of ['reset', 'truncate', 'corrupt', 'delay'] as const)
    expect(proxy.done[kind]).toBeGreaterThan(20);
  // Whatever was stored is what its name says.
  const { blobs, manifests } = registry.storage.repository('chaos');
  for (const [digest, bytes] of blobs) expect(canonicalDigest(bytes)).toBe(digest);
  for (const [digest, { bytes }] of manifests) expect(canonicalDigest(bytes)).toBe(digest);
});

/** One push or pull of a blob or a manifest. */
async function transfer(
  client: RegistryClient,
  repository: ReturnType<Awaited<ReturnType<typeof openRegistry>>['storage']['repository']>,
  host: string,
  index: number,
  random: () => number,
): Promise<Outcome> {
  const bytes = Buffer.alloc(Math.floor(random() * 60_000) + 1, `transfer ${index}, `);
  const blob = blobOf(bytes);
  const at: Reference = { domain: host, path: 'chaos' };
  try {
    switch (index % 4) {
      case 0: {
        repository.blobs.set(blob.descriptor.digest, bytes);
        return verdict((await readAll(client.blob(at, blob.descriptor))).equals(bytes));
      }
      case 1:
        await client.pushBlob(at, blob);
        return verdict(repository.blobs.get(blob.descriptor.digest)?.equals(bytes) === true);
      case 2: {
        const { manifest, digest } = manifestOf(blob.descriptor);
        repository.manifests.set(digest, { bytes: manifest, mediaType: MEDIA_TYPES.ociManifest });
        return verdict(Buffer.from((await client.manifest({ ...at, digest })).bytes).equals(manifest));
      }
      default: {
        repository.blobs.set(blob.descriptor.digest, bytes);
        const { manifest, digest } = manifestOf(blob.descriptor);
        await client.pushManifest({ ...at, digest }, MEDIA_TYPES.ociManifest, manifest);
        return verdict(repository.manifests.get(digest)?.bytes.equals(manifest) === true);
      }
    }
  } catch (error) {
    return { result: 'failed', code: String((error as { code?: unknown } | null)?.code) };
  }
}

function verdict(good: boolean): Outcome {
  return { result: good ? 'good' : 'wrong' };
}

function manifestOf(config: Descriptor) {
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [] }),
  );
  return { manifest, digest: canonicalDigest(manifest) };
}
