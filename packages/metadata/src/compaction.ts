// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { Connection } from './connection.ts';

/** Bytes of empty pages that are worth writing the file anew. */
const WORTH_BYTES = 128 * 1024;
/** Share of empty pages that is worth it. */
const WORTH_SHARE = 0.25;

/**
 * Gives the disk back what the database no longer needs: empties the write-ahead log, and writes the file anew when that
 * makes it much smaller. Somebody else's work, or a disk too full for a second copy, leaves everything as it is.
 */
export function compact(connection: Connection): void {
  attempt(() => {
    truncateLog(connection);
    const [pages, free, bytes] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
      Number(connection.get(`PRAGMA ${name}`)?.[name] ?? 0),
    ) as [number, number, number];
    if (free * bytes < WORTH_BYTES || free < pages * WORTH_SHARE) return;
    connection.run('VACUUM');
    truncateLog(connection);
  });
}

/** Moves what the write-ahead log holds into the database file, as far as readers allow, and cuts the log off. */
export function truncateLog(connection: Connection): void {
  connection.get('PRAGMA wal_checkpoint(TRUNCATE)');
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isToolError(error, 'METADATA_BUSY', 'METADATA_NO_SPACE')) throw error;
  }
}
