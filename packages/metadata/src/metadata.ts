// SPDX-License-Identifier: MIT
import type {
  CacheKeyStore,
  CacheRecordList,
  CacheRecordStore,
  Clock,
  Closable,
  ImageStore,
  LeaseStore,
  SnapshotBook,
  StatCache,
} from '@img-build/interfaces';
import { createCacheKeyStore } from './cache-key-store.ts';
import { type CollectionOptions, type CollectionPlan, planCollection } from './collection.ts';
import { createConnection } from './connection.ts';
import { createImageStore } from './image-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { createProcessTable, type ProcessTable } from './process-identity.ts';
import { createRecordStore } from './record-store.ts';
import { createSnapshotBook } from './snapshot-book.ts';
import { createStatCache } from './stat-cache.ts';

/** How to open the database. */
export interface MetadataOptions {
  /** The file; made with mode 0600, a missing folder with 0700. */
  readonly path: string;
  readonly clock?: Clock | undefined;
  /** Milliseconds to wait for another process's write; 30 seconds by default. */
  readonly busyTimeout?: number | undefined;
  /** Who owns a lease and who is alive; `/proc` by default. */
  readonly processes?: ProcessTable | undefined;
  /** Folders the stat cache remembers; 64 by default. */
  readonly maxStatFolders?: number | undefined;
}

/**
 * Everything kept in the database file. Several processes may have it open at once; each call is one transaction
 * unless it is made inside {@link CacheKeyStore.transaction}.
 */
export interface Metadata extends Closable {
  readonly images: ImageStore;
  readonly records: CacheRecordStore & CacheRecordList;
  readonly cacheKeys: CacheKeyStore;
  readonly statCache: StatCache;
  /** Create leases in the main process only: one made inside another pid namespace is believed for a day. */
  readonly leases: LeaseStore;
  /** The book of one snapshotter backend. */
  snapshots(backend: string): SnapshotBook;
  /** Finds what nothing reaches; removes nothing. */
  planCollection(options: CollectionOptions): Promise<CollectionPlan>;
}

/**
 * Opens the database at its first use, not now.
 *
 * @throws MetadataError from any later call: `METADATA_BUSY`, `METADATA_CORRUPT`, `METADATA_FAILED`,
 *   `METADATA_NO_SPACE`, `METADATA_NO_WAL`, `METADATA_TOO_NEW`, `METADATA_UNUSABLE`
 */
export function openMetadata(options: MetadataOptions): Metadata {
  const { path, clock = Date.now, busyTimeout = 30_000, processes = createProcessTable() } = options;
  const connection = createConnection({ path, busyTimeout });
  const images = createImageStore(connection, clock);
  const records = createRecordStore(connection, clock);
  const leases = createLeaseStore(connection, clock, processes);
  return {
    images,
    records,
    leases,
    cacheKeys: createCacheKeyStore(connection),
    statCache: createStatCache(connection, clock, options.maxStatFolders),
    snapshots: (backend) => createSnapshotBook(connection, backend),
    planCollection: (collection) => planCollection({ connection, images, records, leases }, collection),
    async close() {
      connection.close();
    },
  };
}
