// SPDX-License-Identifier: MIT
import type { Layer } from './layer.ts';

/** What made a record; `du` shows and filters by it. */
export type CacheRecordType =
  | 'regular'
  | 'source.local'
  | 'source.git.checkout'
  | 'source.http'
  | 'exec.cachemount'
  | 'internal';

/**
 * One layer of file system that the builder knows: a committed snapshot, a blob, or both. Its parents are records
 * too. `id` is the snapshot's name in whichever backend holds it.
 */
export interface CacheRecord {
  readonly id: string;
  readonly parent?: string | undefined;
  readonly type: CacheRecordType;
  readonly description: string;
  /** The layer as a blob, once known; the blob itself may still be remote. */
  readonly layer?: Layer | undefined;
  /** Image reference the blob can be fetched from. */
  readonly remote?: string | undefined;
  /** Bytes on disk of the snapshot; absent until measured. */
  readonly size?: number | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly usageCount: number;
}

/** What may change in a record. */
export type CacheRecordChange = Partial<Pick<CacheRecord, 'layer' | 'remote' | 'size' | 'description'>>;

/** The book of records. Synchronous, transactional, shared by processes. */
export interface CacheRecordStore {
  get(id: string): CacheRecord | undefined;
  /** Does nothing when the id exists; returns what is stored. */
  put(record: Omit<CacheRecord, 'createdAt' | 'lastUsedAt' | 'usageCount'>): CacheRecord;
  update(id: string, change: CacheRecordChange): void;
  /** Counts a use now. */
  touch(ids: readonly string[]): void;
  /** Removes records. Cache key results that name them must be released by the caller. */
  remove(ids: readonly string[]): void;
}

/** Lists records; apart, because only `du` and collection need it. */
export interface CacheRecordList {
  list(): readonly CacheRecord[];
}

/** Protects records and blobs from collection while a process works with them. */
export interface LeaseStore {
  /** Ends by itself when the process dies: a lease of a dead process protects nothing. */
  create(): Lease;
  /**
   * Everything protected by a living lease. `since` is when the oldest of them was created, in milliseconds since the
   * Unix epoch: what was stored after that may belong to its holder, who has not had the time to say so.
   */
  protectedResources(): {
    readonly records: ReadonlySet<string>;
    readonly blobs: ReadonlySet<string>;
    readonly since: number | undefined;
  };
}

/** One process's protection. */
export interface Lease {
  readonly id: string;
  addRecords(ids: readonly string[]): void;
  addBlobs(digests: readonly string[]): void;
  release(): void;
}
