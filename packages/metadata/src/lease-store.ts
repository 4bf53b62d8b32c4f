// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import type { Clock, Lease, LeaseStore } from '@img-build/interfaces';
import type { Connection, Row } from './connection.ts';
import type { ProcessIdentity, ProcessTable } from './process-identity.ts';

/** A lease of another pid namespace (a container on the same state) is trusted this long, in milliseconds. */
const FOREIGN_LEASE_LIFETIME = 24 * 60 * 60 * 1000;

/** A living lease. */
export interface LeaseHolder {
  readonly owner: ProcessIdentity;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly records: ReadonlySet<string>;
  readonly blobs: ReadonlySet<string>;
}

/** Tells who protects what; for people who want to know. */
export interface LeaseList {
  list(): readonly LeaseHolder[];
}

/** Leases as rows of `leases` and `lease_resources`, each owned by the process that created it. */
export function createLeaseStore(
  connection: Connection,
  clock: Clock,
  processes: ProcessTable,
): LeaseStore & LeaseList {
  const list = (): readonly LeaseHolder[] =>
    connection.transaction(() =>
      connection.all('SELECT * FROM leases').flatMap((row) => {
        if (isLiving(row, processes, clock())) return [holderFrom(connection, row)];
        removeLease(connection, row['id'] as string);
        return [];
      }),
    );
  return {
    list,
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
      const holders = list();
      return {
        records: new Set(holders.flatMap(({ records }) => [...records])),
        blobs: new Set(holders.flatMap(({ blobs }) => [...blobs])),
        since: holders.length === 0 ? undefined : Math.min(...holders.map(({ since }) => since)),
      };
    },
  };
}

function holderFrom(connection: Connection, row: Row): LeaseHolder {
  const resources = connection.all(
    'SELECT kind, resource FROM lease_resources WHERE lease = ?',
    row['id'] as string,
  );
  const named = (wanted: 'record' | 'blob'): ReadonlySet<string> =>
    new Set(resources.filter(({ kind }) => kind === wanted).map(({ resource }) => resource as string));
  return {
    owner: JSON.parse(row['owner'] as string) as ProcessIdentity,
    since: row['created_at'] as number,
    records: named('record'),
    blobs: named('blob'),
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
