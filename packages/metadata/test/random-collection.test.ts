// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Metadata } from '../src/index.ts';
import { openState } from './temporary-state.ts';

const BLOBS = 16;
const blob = (at: number): Digest => `sha256:${at.toString(16).padStart(64, '0')}`;
const chance = fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0);
const blobNumber = fc.nat(BLOBS - 1);

/** A record, whose parent is an earlier one. */
const item = fc.record({
  parent: fc.option(fc.nat(20), { nil: undefined }),
  layer: fc.option(blobNumber, { nil: undefined }),
  unpacked: fc.constantFrom('native', 'overlayfs', undefined),
  leased: chance,
  chosen: fc.boolean(),
  /** Cache keys that lead to it; small numbers, so that records share some. */
  keys: fc.array(fc.nat(6), { maxLength: 2 }),
});

const graph = fc.record({
  items: fc.array(item, { maxLength: 14 }),
  /** What each blob names, when it is a manifest. */
  children: fc.array(fc.array(blobNumber, { maxLength: 3 }), { minLength: BLOBS, maxLength: BLOBS }),
  images: fc.array(blobNumber, { maxLength: 2 }),
  leasedBlobs: fc.array(blobNumber, { maxLength: 2 }),
  /** Links between cache keys: from, to. */
  links: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 6 }),
  mounts: fc.nat(2),
});

type Graph = typeof graph extends fc.Arbitrary<infer T> ? T : never;

function parentOf({ items }: Graph, at: number): number | undefined {
  const parent = items[at]?.parent;
  return at === 0 || parent === undefined ? undefined : parent % at;
}

function fill(metadata: Metadata, given: Graph): void {
  const lease = metadata.leases.create();
  const unpacked = new Set<string>();
  for (const [at, { layer, leased, unpacked: backend, keys }] of given.items.entries()) {
    const parent = parentOf(given, at);
    metadata.records.put({
      id: `record-${at}`,
      ...(parent === undefined ? {} : { parent: `record-${parent}` }),
      type: 'regular',
      description: '',
      ...(layer === undefined
        ? {}
        : { layer: { descriptor: { mediaType: 'm', digest: blob(layer), size: 1 }, diffId: blob(layer) } }),
    });
    for (const key of keys) metadata.cacheKeys.addResult(`key-${key}`, { id: `record-${at}`, createdAt: at });
    if (leased) lease.addRecords([`record-${at}`]);
    // A snapshot needs that of its parent.
    const hasParent = parent === undefined || unpacked.has(`${backend}-${parent}`);
    if (backend === undefined || !hasParent) continue;
    const book = metadata.snapshots(backend);
    book.insert({
      key: 'making',
      kind: 'active',
      ...(parent === undefined ? {} : { parent: `record-${parent}` }),
      createdAt: at,
    });
    book.commit(`record-${at}`, 'making', at);
    unpacked.add(`${backend}-${at}`);
  }
  for (const at of given.images)
    metadata.images.put(`image-${at}`, { mediaType: 'm', digest: blob(at), size: 1 });
  lease.addBlobs(given.leasedBlobs.map(blob));
  for (const [from, to] of given.links)
    metadata.cacheKeys.addLink(`key-${from}`, { input: 0, digest: blob(0) }, `key-${to}`);
  for (let mount = 0; mount < given.mounts; mount++)
    metadata.snapshots('native').insert({ key: `mount-${mount}`, kind: 'active', createdAt: 1 });
}

/** What has to be there afterwards, found by another way than the program's. */
function expectation(given: Graph) {
  const { items, children, images, leasedBlobs } = given;
  const reach = (roots: readonly number[]): Set<number> => {
    const found = new Set(roots);
    for (const at of found) for (const child of children[at] ?? []) found.add(child);
    return found;
  };
  const [byImages, byLeases] = [reach(images), reach(leasedBlobs)];
  const records = new Set<number>();
  for (const [at, { layer, leased, chosen }] of items.entries()) {
    const inUse = leased || (layer !== undefined && byLeases.has(layer));
    if (chosen && !inUse) continue;
    for (let up: number | undefined = at; up !== undefined; up = parentOf(given, up)) records.add(up);
  }
  const blobs = new Set([...byImages, ...byLeases]);
  for (const at of records) if (items[at]?.layer !== undefined) blobs.add(items[at].layer as number);
  return { records, blobs };
}

test('a collection keeps everything that is reachable, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(graph, async (given) => {
      const metadata = openState();
      fill(metadata, given);
      const snapshotsBefore = keysOf(metadata);
      const expected = expectation(given);
      const stored = new Set(Array.from({ length: BLOBS }, (_, at) => blob(at)));

      await metadata.planCollection({
        blobs: [...stored],
        children: async (digest) => (given.children[Number.parseInt(digest.slice(7), 16)] ?? []).map(blob),
        choose: () => given.items.flatMap(({ chosen }, at) => (chosen ? `record-${at}` : [])),
        keepsSnapshot: ({ key }) => key.startsWith('mount-'),
        apply(plan) {
          for (const { id } of plan.records) metadata.cacheKeys.releaseResult(id);
          metadata.records.remove(plan.records.map(({ id }) => id));
          for (const { backend, key } of plan.snapshots) metadata.snapshots(backend).remove(key);
          for (const digest of plan.blobs) stored.delete(digest);
        },
      });

      const alive = new Set([...expected.records].map((at) => `record-${at}`));
      expect(new Set(metadata.records.list().map(({ id }) => id))).toEqual(alive);
      expect(stored).toEqual(new Set([...expected.blobs].map(blob)));
      expect(keysOf(metadata)).toEqual(
        snapshotsBefore.filter((name) => name.includes('mount-') || alive.has(name.split(' ')[1] ?? '')),
      );
      for (const [at, { keys }] of given.items.entries()) {
        for (const key of keys) {
          const ids = metadata.cacheKeys.results(`key-${key}`).map(({ id }) => id);
          expect(ids.includes(`record-${at}`)).toBe(alive.has(`record-${at}`));
        }
      }
      await metadata.close();
    }),
    { numRuns: 150 },
  );
});

function keysOf(metadata: Metadata): readonly string[] {
  return ['native', 'overlayfs'].flatMap((backend) =>
    metadata
      .snapshots(backend)
      .list()
      .map(({ key }) => `${backend} ${key}`),
  );
}
