// SPDX-License-Identifier: MIT
import type { CacheRecord, CacheRecordList, CacheRecordStore, Clock, Lease } from '@img-build/interfaces';

/** Cache records in memory. `now` gives their times. */
export function createMemoryCacheRecordStore(now: Clock = Date.now): CacheRecordStore & CacheRecordList {
  const records = new Map<string, CacheRecord>();
  return {
    get: (id) => records.get(id),
    put(record) {
      const known = records.get(record.id);
      if (known !== undefined) return known;
      const made: CacheRecord = { ...record, createdAt: now(), lastUsedAt: now(), usageCount: 0 };
      records.set(record.id, made);
      return made;
    },
    update(id, change) {
      const record = records.get(id);
      if (record !== undefined) records.set(id, { ...record, ...change });
    },
    touch(ids) {
      for (const id of ids) {
        const record = records.get(id);
        if (record !== undefined)
          records.set(id, { ...record, lastUsedAt: now(), usageCount: record.usageCount + 1 });
      }
    },
    remove(ids) {
      for (const id of ids) records.delete(id);
    },
    list: () => [...records.values()],
  };
}

/** A lease that remembers what it protects. */
export interface MemoryLease extends Lease {
  readonly records: ReadonlySet<string>;
  readonly blobs: ReadonlySet<string>;
}

/** Protects nothing; a test sees what should have been protected. */
export function createMemoryLease(): MemoryLease {
  const [records, blobs] = [new Set<string>(), new Set<string>()];
  return {
    id: 'memory',
    records,
    blobs,
    addRecords: (ids) => ids.forEach((id) => void records.add(id)),
    addBlobs: (digests) => digests.forEach((digest) => void blobs.add(digest)),
    release() {
      records.clear();
      blobs.clear();
    },
  };
}
