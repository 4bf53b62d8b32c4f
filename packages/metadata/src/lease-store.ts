// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import type { Clock, Lease, LeaseStore } from '@img-build/interfaces';
import type { Connection, Row } from './connection.ts';
import type { ProcessIdentity, ProcessTable } from './process-identity.ts';

/** A lease of another pid namespace (a container on the same state) is trusted this long, in milliseconds. */
const FOREIGN_LEASE_LIFETIME = 24 * 60 * 60 * 1000;

/** Leases as rows of `leases` and `lease_resources`, each owned by the process that created it. */
export function createLeaseStore(connection: Connection, clock: Clock, processes: ProcessTable): LeaseStore {
  return {
    create(): Lease {
      const id = randomUUID();
      connection.run('INSERT INTO leases VALUES (?, ?, ?)', id, JSON.stringify(processes.self()), clock());
      const add = (kind: 'record' | 'blob', resources: readonly string[]): void => {
        if (resources.length === 0) return;
        connection.transaction(() => {
          for (const resource of resources)
            connection.run('INSERT OR IGNORE INTO lease_resources VALUES (?, ?, ?)', id, kind, resource);
        });
      };
      return {
        id,
        addRecords: (ids) => add('record', ids),
        addBlobs: (digests) => add('blob', digests),
        release: () => removeLease(connection, id),
      };
    },
    protectedResources() {
      return connection.transaction(() => {
        const records = new Set<string>();
        const blobs = new Set<string>();
        let since: number | undefined;
        for (const row of connection.all('SELECT * FROM leases')) {
          const id = row['id'] as string;
          if (!isLiving(row, processes, clock())) {
            removeLease(connection, id);
            continue;
          }
          since = Math.min(since ?? Number.POSITIVE_INFINITY, row['created_at'] as number);
          for (const { kind, resource } of connection.all(
            'SELECT kind, resource FROM lease_resources WHERE lease = ?',
            id,
          )) {
            (kind === 'record' ? records : blobs).add(resource as string);
          }
        }
        return { records, blobs, since };
      });
    },
  };
}

function isLiving(row: Row, processes: ProcessTable, now: number): boolean {
  const alive = processes.isAlive(JSON.parse(row['owner'] as string) as ProcessIdentity);
  return alive ?? now - (row['created_at'] as number) < FOREIGN_LEASE_LIFETIME;
}

function removeLease(connection: Connection, id: string): void {
  connection.transaction(() => {
    connection.run('DELETE FROM lease_resources WHERE lease = ?', id);
    connection.run('DELETE FROM leases WHERE id = ?', id);
  });
}
