// SPDX-License-Identifier: MIT
import type { CacheRecord, ImageRecord, SnapshotRow } from '@img-build/interfaces';
import { type Connection, createConnection } from './connection.ts';
import { createImageStore } from './image-store.ts';
import { createProcessTable, type ProcessIdentity, type ProcessTable } from './process-identity.ts';
import { createRecordStore } from './record-store.ts';
import { createSnapshotBook } from './snapshot-book.ts';

/** A lease as it is written down, whether its owner lives or not. */
export interface LeaseRow {
  readonly id: string;
  readonly owner: ProcessIdentity;
  /** `undefined` when it cannot be known: a process of another pid namespace. */
  readonly isAlive: boolean | undefined;
}

/** Everything in the database that has to agree with itself and with the files, as of one moment. */
export interface StoreContents {
  readonly images: readonly ImageRecord[];
  readonly records: readonly CacheRecord[];
  /** Rows of each backend that has any. */
  readonly snapshots: ReadonlyMap<string, readonly SnapshotRow[]>;
  readonly cacheResults: readonly { readonly key: string; readonly id: string }[];
  /** From which key to which key the links lead. */
  readonly cacheLinks: readonly { readonly source: string; readonly target: string }[];
  readonly leases: readonly LeaseRow[];
  /** What SQLite itself finds wrong with the file; empty when nothing is. */
  readonly damage: readonly string[];
}

/** What to read. */
export interface StoreContentsOptions {
  /** The file; made when it is missing, as by every opening. */
  readonly path: string;
  /** Milliseconds to wait for another process's write; 30 seconds by default. */
  readonly busyTimeout?: number | undefined;
  /** Who is alive; `/proc` by default. */
  readonly processes?: ProcessTable | undefined;
  /** Look for damage of the file too, which reads all of it. */
  readonly thorough?: boolean | undefined;
}

/** How many findings of SQLite are worth reading. */
const MAX_DAMAGE = 20;

/**
 * Reads the database for a check; changes nothing.
 *
 * @throws MetadataError as `openMetadata` says; a file that SQLite cannot read at all is `METADATA_CORRUPT`.
 */
export function readStoreContents({
  path,
  busyTimeout = 30_000,
  processes = createProcessTable(),
  thorough = false,
}: StoreContentsOptions): StoreContents {
  const connection = createConnection({ path, busyTimeout });
  try {
    const damage = thorough ? damageOf(connection) : [];
    return connection.transaction(() => ({ ...rowsOf(connection, processes), damage }));
  } finally {
    connection.close();
  }
}

function damageOf(connection: Connection): readonly string[] {
  return connection
    .all(`PRAGMA integrity_check(${MAX_DAMAGE})`)
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok');
}

function rowsOf(connection: Connection, processes: ProcessTable): Omit<StoreContents, 'damage'> {
  const backends = connection
    .all('SELECT DISTINCT backend FROM snapshots')
    .map((row) => String(row['backend']));
  const clock = (): number => 0;
  return {
    images: createImageStore(connection, clock).list(),
    records: createRecordStore(connection, clock).list(),
    snapshots: new Map(
      backends.map((backend) => [backend, createSnapshotBook(connection, backend).list()] as const),
    ),
    cacheResults: connection
      .all('SELECT key, id FROM cache_results')
      .map((row) => ({ key: String(row['key']), id: String(row['id']) })),
    cacheLinks: connection
      .all('SELECT DISTINCT source, target FROM cache_links')
      .map((row) => ({ source: String(row['source']), target: String(row['target']) })),
    leases: connection.all('SELECT id, owner FROM leases').map((row) => {
      const owner = JSON.parse(String(row['owner'])) as ProcessIdentity;
      return { id: String(row['id']), owner, isAlive: processes.isAlive(owner) };
    }),
  };
}
