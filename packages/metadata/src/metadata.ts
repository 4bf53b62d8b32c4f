// SPDX-License-Identifier: MIT
import type {
  BuildHistory,
  CacheKeyStore,
  CacheRecordList,
  CacheRecordStore,
  Clock,
  Closable,
  ImageStore,
  LeaseStore,
  SnapshotBook,
  StatCache,
  StepStore,
} from '@img-build/interfaces';
import { createBuildHistory } from './build-history.ts';
import { createCacheKeyStore } from './cache-key-store.ts';
import type { Changes } from './changes.ts';
import {
  type CollectionOptions,
  type CollectionPlan,
  planCollection,
  type RecordUse,
  surveyRecords,
} from './collection.ts';
import { compact } from './compaction.ts';
import { createConnection } from './connection.ts';
import { createImageStore } from './image-store.ts';
import { createLeaseStore, type LeaseList } from './lease-store.ts';
import { createMeasurementStore, type MeasurementStore } from './measurement-store.ts';
import { createProcessTable, type ProcessTable } from './process-identity.ts';
import { createRecordStore } from './record-store.ts';
import { createSnapshotBook } from './snapshot-book.ts';
import { type ClearableCache, createStatCache } from './stat-cache.ts';
import { createStepStore } from './step-store.ts';

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
  readonly records: CacheRecordStore & CacheRecordList & Changes;
  readonly cacheKeys: CacheKeyStore;
  readonly statCache: StatCache & ClearableCache;
  /** Create leases in the main process only: one made inside another pid namespace is believed for a day. */
  readonly leases: LeaseStore & LeaseList;
  readonly measurements: MeasurementStore;
  readonly steps: StepStore;
  readonly builds: BuildHistory;
  /** The book of one snapshotter backend. */
  snapshots(backend: string): SnapshotBook;
  /** Finds what nothing reaches, or what is chosen; removes nothing but what `apply` does. */
  planCollection(options: CollectionOptions): Promise<CollectionPlan>;
  /** Tells of every record what uses it, as of one moment. */
  surveyRecords(options: Pick<CollectionOptions, 'children' | 'signal'>): Promise<readonly RecordUse[]>;
  /** The cache keys that lead to a result. */
  keysOf(id: string): readonly string[];
  /** Makes the file as small as its content, when that is worth the work. */
  compact(): void;
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
  const stores = { connection, images, records, leases };
  return {
    images,
    records,
    leases,
    measurements: createMeasurementStore(connection, clock),
    cacheKeys: createCacheKeyStore(connection),
    statCache: createStatCache(connection, clock, options.maxStatFolders),
    steps: createStepStore(connection, clock),
    builds: createBuildHistory(connection, clock),
    snapshots: (backend) => createSnapshotBook(connection, backend),
    planCollection: (collection) => planCollection(stores, collection),
    surveyRecords: (survey) => surveyRecords(stores, survey),
    keysOf: (id) =>
      connection
        .all('SELECT DISTINCT key FROM cache_results WHERE id = ? ORDER BY key', id)
        .map((row) => row['key'] as string),
    compact: () => compact(connection),
    async close() {
      connection.close();
    },
  };
}
