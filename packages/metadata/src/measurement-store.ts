// SPDX-License-Identifier: MIT
import type { Clock } from '@img-build/interfaces';
import type { Connection } from './connection.ts';

/** What something took on disk when it was last looked at. */
export interface Measurement {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the Unix epoch. */
  readonly measuredAt: number;
}

/** Remembers sizes of what changes in place and so has no record: cache mounts, kept sources, the whole state. */
export interface MeasurementStore {
  get(id: string): Measurement | undefined;
  /** Remembers a size as of now. */
  put(id: string, size: number): void;
  /** Forgets all that begin with `prefix` and are not in `ids`. */
  retain(prefix: string, ids: ReadonlySet<string>): void;
}

/** Sizes as rows of `measurements`. */
export function createMeasurementStore(connection: Connection, clock: Clock): MeasurementStore {
  return {
    get(id) {
      const row = connection.get('SELECT size, measured_at FROM measurements WHERE id = ?', id);
      return row && { size: row['size'] as number, measuredAt: row['measured_at'] as number };
    },
    put(id, size) {
      connection.run('INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)', id, size, clock());
    },
    retain(prefix, ids) {
      connection.transaction(() => {
        for (const row of connection.all('SELECT id FROM measurements')) {
          const id = row['id'] as string;
          if (id.startsWith(prefix) && !ids.has(id))
            connection.run('DELETE FROM measurements WHERE id = ?', id);
        }
      });
    },
  };
}
