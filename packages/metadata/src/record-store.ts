// SPDX-License-Identifier: MIT
import type {
  CacheRecord,
  CacheRecordChange,
  CacheRecordList,
  CacheRecordStore,
  CacheRecordType,
  Clock,
  Layer,
} from '@img-build/interfaces';
import type { Changes } from './changes.ts';
import type { Connection, Row } from './connection.ts';

const COLUMNS: Readonly<Record<keyof CacheRecordChange, string>> = {
  layer: 'layer',
  remote: 'remote',
  size: 'size',
  description: 'description',
};

/** Cache records as rows of `records`. */
export function createRecordStore(
  connection: Connection,
  clock: Clock,
): CacheRecordStore & CacheRecordList & Changes {
  const get = (id: string): CacheRecord | undefined => {
    const row = connection.get('SELECT * FROM records WHERE id = ?', id);
    return row === undefined ? undefined : recordFrom(row);
  };
  return {
    get,
    put(record) {
      const now = clock();
      return connection.transaction(() => {
        connection.run(
          'INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
          record.id,
          record.parent ?? null,
          record.type,
          record.description,
          record.layer === undefined ? null : JSON.stringify(record.layer),
          record.remote ?? null,
          record.size ?? null,
          now,
          now,
        );
        return get(record.id) as CacheRecord;
      });
    },
    update(id, change) {
      connection.transaction(() => {
        for (const [name, column] of Object.entries(COLUMNS)) {
          if (!Object.hasOwn(change, name)) continue;
          const value = change[name as keyof CacheRecordChange];
          connection.run(`UPDATE records SET ${column} = ? WHERE id = ?`, columnValue(value), id);
        }
      });
    },
    touch(ids) {
      if (ids.length === 0) return;
      const now = clock();
      connection.transaction(() => {
        for (const id of ids)
          connection.run(
            'UPDATE records SET last_used_at = ?, usage_count = usage_count + 1 WHERE id = ?',
            now,
            id,
          );
      });
    },
    remove(ids) {
      connection.transaction(() => {
        for (const id of ids) connection.run('DELETE FROM records WHERE id = ?', id);
      });
    },
    changedAt: () => timeOf(connection.get('SELECT max(created_at) AS at FROM records')),
    list: () => connection.all('SELECT * FROM records ORDER BY created_at, id').map(recordFrom),
  };
}

function columnValue(value: CacheRecordChange[keyof CacheRecordChange]): string | number | null {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function recordFrom(row: Row): CacheRecord {
  return {
    id: row['id'] as string,
    parent: textOf(row['parent']),
    type: row['type'] as CacheRecordType,
    description: row['description'] as string,
    layer: row['layer'] === null ? undefined : (JSON.parse(row['layer'] as string) as Layer),
    remote: textOf(row['remote']),
    size: typeof row['size'] === 'number' ? row['size'] : undefined,
    createdAt: row['created_at'] as number,
    lastUsedAt: row['last_used_at'] as number,
    usageCount: row['usage_count'] as number,
  };
}

function timeOf(row: Row | undefined): number | undefined {
  return typeof row?.['at'] === 'number' ? row['at'] : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
