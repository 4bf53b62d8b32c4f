// SPDX-License-Identifier: MIT
import type { AbortOptions } from './abort.ts';
import type { Mount } from './mount.ts';

/** `active`: writable, named by a key; `view`: read-only, named by a key; `committed`: immutable, named by a name. */
export type SnapshotKind = 'active' | 'view' | 'committed';

/** Facts of one snapshot. */
export interface SnapshotInfo {
  readonly key: string;
  readonly kind: SnapshotKind;
  /** Name of the committed snapshot below. */
  readonly parent?: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** What its maker calls it; means nothing to a snapshotter. */
  readonly label?: string | undefined;
}

/** How to prepare a snapshot. */
export interface PrepareOptions extends AbortOptions {
  readonly label?: string | undefined;
}

/** What a snapshot takes on disk, without its parents. */
export interface SnapshotUsage {
  /** Bytes. */
  readonly size: number;
  readonly inodes: number;
}

/** Looks at snapshots. */
export interface SnapshotReader {
  stat(key: string): Promise<SnapshotInfo | undefined>;
  usage(key: string, options?: AbortOptions): Promise<SnapshotUsage>;
  list(): Promise<readonly SnapshotInfo[]>;
}

/**
 * Snapshots of file systems, as in containerd: `prepare` a writable snapshot under a *key* on a committed parent,
 * change it through its mounts, `commit` it to a *name*; `view` gives a read-only one. Keys and names share one
 * name space. Removing a snapshot that has children fails with `SNAPSHOT_IN_USE`.
 *
 * Errors: `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_EXISTS`, `SNAPSHOT_IN_USE`, `SNAPSHOT_NOT_COMMITTED` (parent),
 * `SNAPSHOT_NOT_ACTIVE` (commit).
 */
export interface SnapshotWriter {
  prepare(key: string, parent?: string, options?: PrepareOptions): Promise<readonly Mount[]>;
  view(key: string, parent: string, options?: AbortOptions): Promise<readonly Mount[]>;
  mounts(key: string): Promise<readonly Mount[]>;
  commit(name: string, key: string): Promise<void>;
  remove(key: string, options?: AbortOptions): Promise<void>;
}

/** Renames snapshots. */
export interface SnapshotRenamer {
  /**
   * Gives an active snapshot another key, in one step: what is filled under a key of its own gets its real one when it is
   * complete. Its mounts stay valid.
   *
   * @throws `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_NOT_ACTIVE`, `SNAPSHOT_EXISTS`
   */
  rename(key: string, newKey: string): Promise<void>;
}

/** One snapshotter backend. */
export interface Snapshotter extends SnapshotReader, SnapshotWriter, SnapshotRenamer {
  /** `overlayfs` or `native`. */
  readonly backend: string;
}

/** One row of a snapshotter's book-keeping. */
export interface SnapshotRow extends SnapshotInfo {
  /** Number of the folder that holds it; unique per backend, never reused. */
  readonly id: number;
}

/**
 * Where a snapshotter keeps its book: transactional and shared by processes. Insert comes before the folder is used,
 * deletion before the folder is removed, so that a folder without a row is garbage and a row always has its folder.
 */
export interface SnapshotBook {
  get(key: string): SnapshotRow | undefined;
  /** @throws `SNAPSHOT_EXISTS`, `SNAPSHOT_NOT_FOUND` or `SNAPSHOT_NOT_COMMITTED` (parent) */
  insert(row: Omit<SnapshotRow, 'id'>): SnapshotRow;
  /**
   * Makes an active row a committed one.
   *
   * @param createdAt - milliseconds since the Unix epoch: a committed snapshot is as old as its commit.
   * @throws `SNAPSHOT_EXISTS`, `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_NOT_ACTIVE`
   */
  commit(name: string, key: string, createdAt: number): void;
  /** Gives an active row another key. @throws `SNAPSHOT_EXISTS`, `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_NOT_ACTIVE` */
  rename(key: string, newKey: string): void;
  /** @throws `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_IN_USE` when it has children */
  remove(key: string): SnapshotRow;
  list(): readonly SnapshotRow[];
}
