// SPDX-License-Identifier: MIT
import type { SnapshotBook, SnapshotKind, SnapshotRow } from '@img-build/interfaces';
import type { Connection, Row } from './connection.ts';
import { MetadataError, type MetadataErrorCode } from './metadata-error.ts';

/** The snapshots of one backend as rows of `snapshots`. Numbers are never used twice, not even after a removal. */
export function createSnapshotBook(connection: Connection, backend: string): SnapshotBook {
  const get = (key: string): SnapshotRow | undefined => {
    const row = connection.get('SELECT * FROM snapshots WHERE backend = ? AND key = ?', backend, key);
    return row === undefined ? undefined : snapshotFrom(row);
  };

  function refuse(condition: MetadataErrorCode, key: string, text: string): MetadataError {
    return new MetadataError(`snapshot ${key} of backend ${backend} ${text}`, { code: condition });
  }

  function required(key: string): SnapshotRow {
    const row = get(key);
    if (row === undefined) throw refuse('SNAPSHOT_NOT_FOUND', key, 'does not exist');
    return row;
  }

  function requireFree(key: string): void {
    if (get(key) !== undefined) throw refuse('SNAPSHOT_EXISTS', key, 'exists already');
  }

  return {
    get,
    insert: ({ key, kind, parent, createdAt, label }) =>
      connection.transaction(() => {
        requireFree(key);
        if (parent !== undefined && required(parent).kind !== 'committed') {
          throw refuse('SNAPSHOT_NOT_COMMITTED', parent, 'cannot be a parent: it is not committed');
        }
        connection.run(
          'INSERT INTO snapshots (backend, key, kind, parent, created_at, label) VALUES (?, ?, ?, ?, ?, ?)',
          backend,
          key,
          kind,
          parent ?? null,
          createdAt,
          label ?? null,
        );
        return required(key);
      }),
    commit(name, key, createdAt) {
      connection.transaction(() => {
        const row = required(key);
        if (row.kind !== 'active')
          throw refuse('SNAPSHOT_NOT_ACTIVE', key, `cannot be committed: it is ${row.kind}`);
        requireFree(name);
        connection.run(
          "UPDATE snapshots SET key = ?, kind = 'committed', created_at = ? WHERE id = ?",
          name,
          createdAt,
          row.id,
        );
      });
    },
    rename(key, newKey) {
      connection.transaction(() => {
        const row = required(key);
        if (row.kind !== 'active')
          throw refuse('SNAPSHOT_NOT_ACTIVE', key, `cannot be renamed: it is ${row.kind}`);
        requireFree(newKey);
        connection.run('UPDATE snapshots SET key = ? WHERE id = ?', newKey, row.id);
      });
    },
    remove: (key) =>
      connection.transaction(() => {
        const row = required(key);
        const child = connection.get(
          'SELECT key FROM snapshots WHERE backend = ? AND parent = ? LIMIT 1',
          backend,
          key,
        );
        if (child !== undefined)
          throw refuse('SNAPSHOT_IN_USE', key, `cannot be removed: ${String(child['key'])} is based on it`);
        connection.run('DELETE FROM snapshots WHERE id = ?', row.id);
        return row;
      }),
    list: () =>
      connection.all('SELECT * FROM snapshots WHERE backend = ? ORDER BY id', backend).map(snapshotFrom),
  };
}

function snapshotFrom(row: Row): SnapshotRow {
  return {
    id: row['id'] as number,
    key: row['key'] as string,
    kind: row['kind'] as SnapshotKind,
    parent: typeof row['parent'] === 'string' ? row['parent'] : undefined,
    createdAt: row['created_at'] as number,
    ...(typeof row['label'] === 'string' ? { label: row['label'] } : {}),
  };
}
