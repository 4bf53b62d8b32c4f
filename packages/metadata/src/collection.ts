// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheRecord,
  CacheRecordList,
  ImageStore,
  LeaseStore,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { Connection } from './connection.ts';

/** What a collection looks at besides the database. */
export interface CollectionOptions extends AbortOptions {
  /** Every stored blob; list them before the call, so that one stored during it is not taken for garbage. */
  readonly blobs: Iterable<Digest>;
  /**
   * Blobs that a blob names: the manifests of an index, the config and layers of a manifest; nothing for any other
   * blob and for one that is not stored.
   */
  readonly children: (digest: Digest) => Promise<readonly Digest[]>;
  /** Chooses among the records that nothing uses; a record that is kept keeps its parents. Default: all of them. */
  readonly reclaim?: ((record: CacheRecord) => boolean) | undefined;
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

/** Finds what nothing reaches. */
export async function planCollection(
  stores: CollectionStores,
  options: CollectionOptions,
): Promise<CollectionPlan> {
  const alive = new Set<string>();
  let plan: CollectionPlan | undefined;
  // An image or a lease that appears during the walk protects as well: then what it reaches is walked too.
  while (plan === undefined) {
    await addReachable(alive, rootsOf(stores), options);
    plan = stores.connection.transaction(() =>
      rootsOf(stores).every((digest) => alive.has(digest)) ? planFrom(stores, alive, options) : undefined,
    );
  }
  return plan;
}

function rootsOf({ images, leases }: CollectionStores): readonly Digest[] {
  return [
    ...images.list().map(({ target }) => target.digest),
    ...([...leases.protectedResources().blobs] as Digest[]),
  ];
}

function planFrom(
  { connection, records, leases }: CollectionStores,
  alive: ReadonlySet<string>,
  options: CollectionOptions,
): CollectionPlan {
  const leased = leases.protectedResources().records;
  const all = records.list();
  const kept = keptRecords(all, { leased, alive, reclaim: options.reclaim ?? (() => true) });
  const keptBlobs = new Set<string>(
    [...kept.values()].flatMap(({ layer }) => layer?.descriptor.digest ?? []),
  );
  return {
    records: childrenFirst(all.filter(({ id }) => !kept.has(id))),
    snapshots: unreachableSnapshots(connection, (key) => kept.has(key) || leased.has(key)),
    blobs: [...options.blobs].filter((digest) => !alive.has(digest) && !keptBlobs.has(digest)),
  };
}

async function addReachable(
  reached: Set<string>,
  roots: readonly Digest[],
  { children, signal }: CollectionOptions,
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

interface KeepRules {
  readonly leased: ReadonlySet<string>;
  /** Blobs of images and leases: a record whose layer an image uses is shared with it. */
  readonly alive: ReadonlySet<string>;
  readonly reclaim: (record: CacheRecord) => boolean;
}

function keptRecords(
  all: readonly CacheRecord[],
  { leased, alive, reclaim }: KeepRules,
): ReadonlyMap<string, CacheRecord> {
  const byId = new Map(all.map((record) => [record.id, record]));
  const kept = new Map<string, CacheRecord>();
  const keepChain = (record: CacheRecord): void => {
    for (
      let at: CacheRecord | undefined = record;
      at !== undefined && !kept.has(at.id);
      at = at.parent === undefined ? undefined : byId.get(at.parent)
    ) {
      kept.set(at.id, at);
    }
  };
  const used = (record: CacheRecord): boolean =>
    leased.has(record.id) || (record.layer !== undefined && alive.has(record.layer.descriptor.digest));
  for (const record of all) if (used(record)) keepChain(record);
  for (const record of all) if (!kept.has(record.id) && !reclaim(record)) keepChain(record);
  return kept;
}

function unreachableSnapshots(
  connection: Connection,
  isUsed: (key: string) => boolean,
): readonly SnapshotName[] {
  const rows = connection
    .all('SELECT id, backend, key, parent FROM snapshots ORDER BY id DESC')
    .map((row) => ({
      backend: row['backend'] as string,
      id: nameOf(row['backend'], row['key']),
      key: row['key'] as string,
      parent: typeof row['parent'] === 'string' ? nameOf(row['backend'], row['parent']) : undefined,
    }));
  const byId = new Map(rows.map((row) => [row.id, row]));
  const used = new Set<string>();
  for (const row of rows) {
    if (!isUsed(row.key)) continue;
    for (
      let at: typeof row | undefined = row;
      at !== undefined && !used.has(at.id);
      at = at.parent === undefined ? undefined : byId.get(at.parent)
    )
      used.add(at.id);
  }
  return childrenFirst(rows.filter(({ id }) => !used.has(id))).map(({ backend, key }) => ({ backend, key }));
}

function nameOf(backend: unknown, key: unknown): string {
  return `${String(backend)}\0${String(key)}`;
}

function childrenFirst<T extends { readonly id: string; readonly parent?: string | undefined }>(
  items: readonly T[],
): readonly T[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const ordered = new Set<T>();
  for (const item of items) {
    const chain: T[] = [];
    for (
      let at: T | undefined = item;
      at !== undefined && !ordered.has(at) && !chain.includes(at);
      at = at.parent === undefined ? undefined : byId.get(at.parent)
    ) {
      chain.push(at);
    }
    for (const member of chain.reverse()) ordered.add(member);
  }
  return [...ordered].reverse();
}
