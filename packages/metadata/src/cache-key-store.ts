// SPDX-License-Identifier: MIT
import type { CacheKeyStore, CacheLink } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { Connection } from './connection.ts';

/** Cache keys as rows of `cache_results` and `cache_links`; newest result first. */
export function createCacheKeyStore(connection: Connection): CacheKeyStore {
  const leadsSomewhere = (key: string): boolean =>
    connection.get(
      'SELECT 1 FROM cache_results WHERE key = ? UNION ALL SELECT 1 FROM cache_links WHERE source = ? LIMIT 1',
      key,
      key,
    ) !== undefined;

  return {
    transaction: (work) => connection.transaction(work),
    exists: leadsSomewhere,
    results: (key) =>
      connection
        .all('SELECT id, created_at FROM cache_results WHERE key = ? ORDER BY created_at DESC, id', key)
        .map((row) => ({ id: row['id'] as string, createdAt: row['created_at'] as number })),
    addResult(key, { id, createdAt }) {
      connection.run(
        'INSERT INTO cache_results VALUES (?, ?, ?) ON CONFLICT (key, id) DO UPDATE SET created_at = max(created_at, excluded.created_at)',
        key,
        id,
        createdAt,
      );
    },
    releaseResult(id) {
      connection.transaction(() => {
        const released = connection
          .all('DELETE FROM cache_results WHERE id = ? RETURNING key', id)
          .map((row) => row['key'] as string);
        dropDeadKeys(connection, released, leadsSomewhere);
      });
    },
    targets: (key, link) =>
      connection
        .all(
          'SELECT target FROM cache_links WHERE source = ? AND input = ? AND digest = ? AND selector = ?',
          key,
          link.input,
          link.digest,
          link.selector ?? '',
        )
        .map((row) => row['target'] as string),
    addLink(key, link, target) {
      connection.run(
        'INSERT OR IGNORE INTO cache_links VALUES (?, ?, ?, ?, ?)',
        key,
        link.input,
        link.digest,
        link.selector ?? '',
        target,
      );
    },
    backlinks: (key) =>
      connection.all('SELECT * FROM cache_links WHERE target = ?', key).map((row) => {
        const selector = row['selector'] as Digest | '';
        const base = {
          input: row['input'] as number,
          digest: row['digest'] as Digest,
        };
        const link: CacheLink = selector === '' ? base : { ...base, selector };
        return { source: row['source'] as string, link };
      }),
  };
}

/** A key without results and links leads nowhere; removing it may leave the keys before it in the same state. */
function dropDeadKeys(
  connection: Connection,
  suspects: readonly string[],
  leadsSomewhere: (key: string) => boolean,
): void {
  const queue = [...suspects];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (leadsSomewhere(key)) continue;
    const sources = connection.all('DELETE FROM cache_links WHERE target = ? RETURNING source', key);
    for (const row of sources) queue.push(row['source'] as string);
  }
}
