// SPDX-License-Identifier: MIT
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { isSystemError } from '@img-build/errors';
import { MetadataError, metadataErrorFrom } from './metadata-error.ts';
import { migrate } from './schema.ts';

/** One row as SQLite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * One connection to the database file. It opens at the first query, so that a command which needs no metadata never
 * pays for it. Statements are prepared once.
 *
 * Every method throws {@link MetadataError} for what SQLite reports.
 */
export interface Connection {
  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[];
  /** Returns the number of changed rows. */
  run(sql: string, ...values: readonly SQLInputValue[]): number;
  /** Runs `work` as one write transaction; one inside another joins it. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** How to open the database. */
export interface ConnectionOptions {
  readonly path: string;
  /** Milliseconds to wait for another process's write. */
  readonly busyTimeout: number;
}

/** Makes a connection that opens itself when first used. */
export function createConnection({ path, busyTimeout }: ConnectionOptions): Connection {
  const statements = new Map<string, StatementSync>();
  let database: DatabaseSync | undefined;
  let closed = false;
  let depth = 0;

  function opened(): DatabaseSync {
    if (closed) throw new Error(`database ${path} is closed`);
    return (database ??= openDatabase(path, busyTimeout));
  }

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = opened().prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw metadataErrorFrom(error, path);
    }
  }

  function rollback(): void {
    // A full disk or a damaged file makes SQLite roll back by itself; a second attempt must not hide the first error.
    if (database?.isTransaction === true) database.exec('ROLLBACK');
  }

  return {
    get: (sql, ...values) => guarded(() => prepared(sql).get(...values)),
    all: (sql, ...values) => guarded(() => prepared(sql).all(...values)),
    run: (sql, ...values) => guarded(() => Number(prepared(sql).run(...values).changes)),
    transaction(work) {
      if (depth > 0) return work();
      return guarded(() => {
        opened().exec('BEGIN IMMEDIATE');
        depth++;
        try {
          const value = work();
          opened().exec('COMMIT');
          return value;
        } catch (error) {
          rollback();
          throw error;
        } finally {
          depth--;
        }
      });
    },
    close() {
      closed = true;
      statements.clear();
      database?.close();
      database = undefined;
    },
  };
}

function openDatabase(path: string, busyTimeout: number): DatabaseSync {
  createPrivateFile(path);
  // Loaded here and not at the top: the module costs a millisecond that most commands need not pay.
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new Database(path, { timeout: busyTimeout });
    enterWal(database, path, busyTimeout);
    database.exec('PRAGMA synchronous = NORMAL');
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw metadataErrorFrom(error, path);
  }
}

/** SQLite gives its side files the mode of the main file, so the mode of an empty file decides for all of them. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    if (!isSystemError(error, 'ENOENT'))
      throw new MetadataError(`cannot create database ${path}`, { code: 'METADATA_UNUSABLE', cause: error });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createPrivateFile(path);
  }
}

/** The switch to WAL does not wait for other processes, whatever the busy timeout says; so it is tried again here. */
function enterWal(database: DatabaseSync, path: string, busyTimeout: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += 5) {
    try {
      const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
      if (mode === 'wal') return;
      throw new MetadataError(`database ${path} cannot use a write-ahead log here (mode ${String(mode)})`, {
        code: 'METADATA_NO_WAL',
        hint: 'Put the state on a local file system with --state; network file systems lack what the log needs.',
      });
    } catch (error) {
      const busy = (Number((error as { readonly errcode?: unknown }).errcode) & 0xff) === 5;
      if (!busy || waited >= busyTimeout) throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}
