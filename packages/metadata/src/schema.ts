// SPDX-License-Identifier: MIT
import type { DatabaseSync } from 'node:sqlite';
import { MetadataError } from './metadata-error.ts';

/** Entry n brings a database from version n to n + 1; released entries never change. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE images (
    name TEXT PRIMARY KEY, target TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE records (
    id TEXT PRIMARY KEY, parent TEXT, type TEXT NOT NULL, description TEXT NOT NULL,
    layer TEXT, remote TEXT, size INTEGER,
    created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, usage_count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT, backend TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT,
    created_at INTEGER NOT NULL, UNIQUE (backend, key)
  ) STRICT;
  CREATE INDEX snapshots_by_parent ON snapshots (backend, parent);

  CREATE TABLE cache_results (
    key TEXT NOT NULL, id TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (key, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_results_by_id ON cache_results (id);

  CREATE TABLE cache_links (
    source TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, digest TEXT NOT NULL, selector TEXT NOT NULL,
    target TEXT NOT NULL, PRIMARY KEY (source, input, output, digest, selector, target)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_links_by_target ON cache_links (target);

  CREATE TABLE stat_cache (
    folder TEXT PRIMARY KEY, saved_at INTEGER NOT NULL, entries BLOB NOT NULL
  ) STRICT;

  CREATE TABLE leases (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lease_resources (
    lease TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, PRIMARY KEY (lease, kind, resource)
  ) STRICT, WITHOUT ROWID;
  `,
  'ALTER TABLE snapshots ADD COLUMN label TEXT',
  `CREATE TABLE measurements (
    id TEXT PRIMARY KEY, size INTEGER NOT NULL, measured_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  // Links carry record digests instead of cache maps and outputs; what the old ones led to cannot be found by them.
  `
  DELETE FROM cache_results WHERE key IN (SELECT target FROM cache_links);
  DROP TABLE cache_links;
  CREATE TABLE cache_links (
    source TEXT NOT NULL, input INTEGER NOT NULL, digest TEXT NOT NULL, selector TEXT NOT NULL, target TEXT NOT NULL,
    PRIMARY KEY (source, input, digest, selector, target)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_links_by_target ON cache_links (target);
  `,
  `
  CREATE TABLE steps (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, dockerfile TEXT NOT NULL, place TEXT NOT NULL,
    instruction TEXT NOT NULL, key TEXT NOT NULL, record TEXT, fingerprint TEXT NOT NULL, description TEXT NOT NULL,
    failed INTEGER NOT NULL, at INTEGER NOT NULL, pruned_at INTEGER, files BLOB,
    UNIQUE (project, place, fingerprint)
  ) STRICT;
  CREATE INDEX steps_by_dockerfile ON steps (dockerfile);
  CREATE INDEX steps_by_key ON steps (key);

  CREATE TABLE builds (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, at INTEGER NOT NULL,
    report BLOB NOT NULL
  ) STRICT;
  `,
  'CREATE INDEX IF NOT EXISTS records_by_time ON records (created_at)',
  // Whether a step can still be found is a matter of its key.
  'ALTER TABLE steps DROP COLUMN record',
];

/** The version this program writes. */
export const SCHEMA_VERSION: number = STEPS.length;

/**
 * Brings the database to {@link SCHEMA_VERSION}.
 *
 * @throws MetadataError `METADATA_TOO_NEW` when a later program wrote it
 */
export function migrate(database: DatabaseSync, path: string): void {
  if (versionOf(database) === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have migrated while this one waited.
    const version = versionOf(database);
    if (version > SCHEMA_VERSION) {
      throw new MetadataError(
        `database ${path} has version ${version}, this program knows up to ${SCHEMA_VERSION}`,
        {
          code: 'METADATA_TOO_NEW',
          hint: 'Use the newer img that wrote it, or another folder with --state.',
        },
      );
    }
    for (const step of STEPS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
