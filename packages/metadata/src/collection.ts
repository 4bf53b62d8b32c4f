// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheRecord,
  CacheRecordList,
  ImageStore,
  LeaseStore,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { childrenFirst, withParents } from './chain-order.ts';
import type { Connection } from './connection.ts';

/** What uses a record, itself or by what stands on it. */
export interface RecordUse {
  readonly record: CacheRecord;
  /** A living lease names it or its layer: never collected. */
  readonly inUse: boolean;
  /** An image has its layer too. Its files could be unpacked again. */
  readonly shared: boolean;
}

/** What a collection looks at besides the database. */
export interface CollectionOptions extends AbortOptions {
  /** Every stored blob; list them before the call, so that one stored during it is not taken for garbage. */
  readonly blobs: Iterable<Digest>;
  /**
   * Blobs that a blob names: the manifests of an index, the config and layers of a manifest; nothing for any other
   * blob and for one that is not stored.
   */
  readonly children: (digest: Digest) => Promise<readonly Digest[]>;
  /**
   * Chooses the records that go, by their ids; those in use stay whatever it says, and so do the parents of all that
   * stay. Default: all that are neither in use nor shared.
   */
  readonly choose?: ((records: readonly RecordUse[]) => Iterable<string>) | undefined;
  /** Snapshots that stay although no record names them. Default: none. */
  readonly keepsSnapshot?: ((snapshot: SnapshotName) => boolean) | undefined;
  /**
   * Removes what was found, as far as that can be done at once: it runs in the transaction that found it, so no lease and
   * no record can appear in between.
   */
  readonly apply?: ((plan: CollectionPlan) => void) | undefined;
}

/** One row of a snapshotter's book. */
export interface SnapshotName {
  readonly backend: string;
  readonly key: string;
}

/**
 * What can go. Everything else is reachable from an image, a lease or a kept record. Remove in this order: records
 * (and the cache key results that name them), snapshots, blobs; records and snapshots stand children before parents.
 */
export interface CollectionPlan {
  readonly records: readonly CacheRecord[];
  readonly snapshots: readonly SnapshotName[];
  readonly blobs: readonly Digest[];
}

/** Stores that know what is alive. */
export interface CollectionStores {
  readonly connection: Connection;
  readonly images: ImageStore;
  readonly records: CacheRecordList;
  readonly leases: LeaseStore;
}

/** Blobs that images and leases reach, each on its own account. */
interface Reached {
  readonly images: Set<string>;
  readonly leases: Set<string>;
}

/** Finds what nothing reaches, or what was chosen. */
export async function planCollection(
  stores: CollectionStores,
  options: CollectionOptions,
): Promise<CollectionPlan> {
  return await overReached(stores, options, (reached) => {
    const plan = planFrom(stores, reached, options);
    options.apply?.(plan);
    return plan;
  });
}

/** Tells of every record what uses it. */
export async function surveyRecords(
  stores: CollectionStores,
  options: Pick<CollectionOptions, 'children' | 'signal'>,
): Promise<readonly RecordUse[]> {
  return await overReached(stores, options, (reached) => usesOf(stores, reached));
}

/** Runs `work` as one transaction in which everything that images and leases reach is known. */
async function overReached<T>(
  stores: CollectionStores,
  options: Pick<CollectionOptions, 'children' | 'signal'>,
  work: (reached: Reached) => T,
): Promise<T> {
  const reached: Reached = { images: new Set(), leases: new Set() };
  const isComplete = (roots: Roots): boolean =>
    roots.images.every((digest) => reached.images.has(digest)) &&
    roots.leases.every((digest) => reached.leases.has(digest));
  while (true) {
    const roots = rootsOf(stores);
    await addReachable(reached.images, roots.images, options);
    await addReachable(reached.leases, roots.leases, options);
    // An image or a lease that appeared during the walk protects as well: then what it reaches is walked too.
    const found = stores.connection.transaction(() =>
      isComplete(rootsOf(stores)) ? { value: work(reached) } : undefined,
    );
    if (found !== undefined) return found.value;
  }
}

interface Roots {
  readonly images: readonly Digest[];
  readonly leases: readonly Digest[];
}

function rootsOf({ images, leases }: CollectionStores): Roots {
  return {
    images: images.list().map(({ target }) => target.digest),
    leases: [...leases.protectedResources().blobs] as Digest[],
  };
}

async function addReachable(
  reached: Set<string>,
  roots: readonly Digest[],
  { children, signal }: Pick<CollectionOptions, 'children' | 'signal'>,
): Promise<void> {
  const queue = roots.filter((digest) => !reached.has(digest));
  for (const digest of queue) reached.add(digest);
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    signal?.throwIfAborted();
    for (const child of await children(digest)) {
      if (reached.has(child)) continue;
      reached.add(child);
      queue.push(child);
    }
  }
}

function usesOf({ records, leases }: CollectionStores, reached: Reached): readonly RecordUse[] {
  const all = records.list();
  const leased = leases.protectedResources().records;
  const hasLayerIn =
    (blobs: ReadonlySet<string>) =>
    ({ layer }: CacheRecord): boolean =>
      layer !== undefined && blobs.has(layer.descriptor.digest);
  const isLeased = hasLayerIn(reached.leases);
  const inUse = withParents(all, (record) => leased.has(record.id) || isLeased(record));
  const shared = withParents(all, hasLayerIn(reached.images));
  return all.map((record) => ({ record, inUse: inUse.has(record.id), shared: shared.has(record.id) }));
}

function planFrom(stores: CollectionStores, reached: Reached, options: CollectionOptions): CollectionPlan {
  const { choose = chooseUnused, keepsSnapshot = () => false } = options;
  const uses = usesOf(stores, reached);
  const chosen = new Set(choose(uses));
  const staying = new Set(uses.filter(({ inUse, record }) => inUse || !chosen.has(record.id)));
  const all = uses.map(({ record }) => record);
  const kept = withParents(all, (_, index) => staying.has(uses[index] as RecordUse));
  const leased = stores.leases.protectedResources().records;
  const keptBlobs = new Set<string>();
  for (const { id, layer } of all) {
    if (layer !== undefined && kept.has(id)) keptBlobs.add(layer.descriptor.digest);
  }
  return {
    records: childrenFirst(all.filter(({ id }) => !kept.has(id))),
    snapshots: unreachableSnapshots(
      stores.connection,
      (name) => kept.has(name.key) || leased.has(name.key) || keepsSnapshot(name),
    ),
    blobs: [...options.blobs].filter(
      (digest) => !reached.images.has(digest) && !reached.leases.has(digest) && !keptBlobs.has(digest),
    ),
  };
}

function chooseUnused(records: readonly RecordUse[]): readonly string[] {
  return records.filter(({ inUse, shared }) => !inUse && !shared).map(({ record }) => record.id);
}

function unreachableSnapshots(
  connection: Connection,
  isUsed: (snapshot: SnapshotName) => boolean,
): readonly SnapshotName[] {
  const rows = connection
    .all('SELECT backend, key, parent FROM snapshots ORDER BY id DESC')
    .map(({ backend, key, parent }) => ({
      backend: backend as string,
      key: key as string,
      id: `${String(backend)}\0${String(key)}`,
      parent: typeof parent === 'string' ? `${String(backend)}\0${parent}` : undefined,
    }));
  const used = withParents(rows, isUsed);
  return childrenFirst(rows.filter(({ id }) => !used.has(id))).map(({ backend, key }) => ({ backend, key }));
}
