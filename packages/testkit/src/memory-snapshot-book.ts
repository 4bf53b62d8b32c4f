// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type { SnapshotBook, SnapshotRow } from '@img-build/interfaces';

/** A {@link SnapshotBook} that lasts as long as the process. */
export function createMemorySnapshotBook(): SnapshotBook {
  const rows = new Map<string, SnapshotRow>();
  let nextId = 1;

  function find(key: string): SnapshotRow {
    const row = rows.get(key);
    if (row === undefined)
      throw new ToolError(`snapshot ${key} does not exist`, { code: 'SNAPSHOT_NOT_FOUND' });
    return row;
  }
  function refuseExisting(key: string): void {
    if (rows.has(key)) throw new ToolError(`snapshot ${key} exists`, { code: 'SNAPSHOT_EXISTS' });
  }

  return {
    get: (key) => rows.get(key),
    insert(facts) {
      refuseExisting(facts.key);
      if (facts.parent !== undefined && find(facts.parent).kind !== 'committed') {
        throw new ToolError(`snapshot ${facts.parent} is not committed`, { code: 'SNAPSHOT_NOT_COMMITTED' });
      }
      const row = { ...facts, id: nextId++ };
      rows.set(row.key, row);
      return row;
    },
    commit(name, key, createdAt) {
      const row = find(key);
      if (row.kind !== 'active')
        throw new ToolError(`snapshot ${key} is not active`, { code: 'SNAPSHOT_NOT_ACTIVE' });
      refuseExisting(name);
      rows.delete(key);
      rows.set(name, { ...row, key: name, kind: 'committed', createdAt });
    },
    rename(key, newKey) {
      const row = find(key);
      if (row.kind !== 'active')
        throw new ToolError(`snapshot ${key} is not active`, { code: 'SNAPSHOT_NOT_ACTIVE' });
      refuseExisting(newKey);
      rows.delete(key);
      rows.set(newKey, { ...row, key: newKey });
    },
    remove(key) {
      const row = find(key);
      if ([...rows.values()].some(({ parent }) => parent === key))
        throw new ToolError(`snapshot ${key} has children`, { code: 'SNAPSHOT_IN_USE' });
      rows.delete(key);
      return row;
    },
    list: () => [...rows.values()],
  };
}
