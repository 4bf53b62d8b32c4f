// SPDX-License-Identifier: MIT
import type { Clock, StatCache } from '@img-build/interfaces';
import type { Connection } from './connection.ts';
import { decodeEntries, encodeEntries } from './stat-entries.ts';

const DEFAULT_MAX_FOLDERS = 64;

/** A cache that can be emptied. */
export interface ClearableCache {
  clear(): void;
}

/** One compact row per folder; the least recently saved folders go when there are more than `maxFolders`. */
export function createStatCache(
  connection: Connection,
  clock: Clock,
  maxFolders: number = DEFAULT_MAX_FOLDERS,
): StatCache & ClearableCache {
  return {
    clear: () => void connection.run('DELETE FROM stat_cache'),
    load(folder) {
      const row = connection.get('SELECT entries FROM stat_cache WHERE folder = ?', folder);
      return row === undefined ? new Map() : decodeEntries(row['entries'] as Uint8Array);
    },
    save(folder, entries) {
      const packed = encodeEntries(entries);
      connection.transaction(() => {
        connection.run('INSERT OR REPLACE INTO stat_cache VALUES (?, ?, ?)', folder, clock(), packed);
        connection.run(
          'DELETE FROM stat_cache WHERE folder NOT IN (SELECT folder FROM stat_cache ORDER BY saved_at DESC, rowid DESC LIMIT ?)',
          maxFolders,
        );
      });
    },
  };
}
