// SPDX-License-Identifier: MIT
import type { BuildEntry, BuildHistory } from '@img-build/interfaces';
import type { Connection, Row } from './connection.ts';

/** As BuildKit keeps them. */
const [MAX_BUILDS, MAX_AGE] = [50, 48 * 60 * 60 * 1000];
/** Bytes of reports that are kept besides the newest one. */
const MAX_BYTES = 160 * 1024;

/** Builds as rows of `builds`. */
export function createBuildHistory(connection: Connection, clock: () => number): BuildHistory {
  return {
    add({ reference, fingerprint, at, report }) {
      connection.transaction(() => {
        connection.run(
          'INSERT OR REPLACE INTO builds (reference, fingerprint, at, report) VALUES (?, ?, ?, ?)',
          reference,
          fingerprint,
          at,
          report,
        );
        connection.run(
          `DELETE FROM builds WHERE at < ? OR id IN (
            SELECT id FROM (
              SELECT id, row_number() OVER newest AS rank, sum(length(report) + 200) OVER newest AS total FROM builds
              WINDOW newest AS (ORDER BY at DESC, id DESC)
            ) WHERE rank > ${MAX_BUILDS} OR (rank > 1 AND total > ${MAX_BYTES})
          )`,
          at - MAX_AGE,
        );
      });
    },
    list: () =>
      connection
        .all('SELECT * FROM builds WHERE at >= ? ORDER BY at DESC, id DESC', clock() - MAX_AGE)
        .map(buildFrom),
    knows: (fingerprint) =>
      connection.get('SELECT 1 FROM builds WHERE fingerprint = ? LIMIT 1', fingerprint) !== undefined,
  };
}

function buildFrom(row: Row): BuildEntry {
  return {
    reference: row['reference'] as string,
    fingerprint: row['fingerprint'] as string,
    at: row['at'] as number,
    report: row['report'] as Uint8Array,
  };
}
