// SPDX-License-Identifier: MIT
import type { CacheRecordStore, Lease, Result, ResultStore } from '@img-build/interfaces';
import { asBuildResult, recordIdOf, recordResult, SCRATCH_ID } from './build-result.ts';
import type { RecordChains } from './record-chain.ts';

/** Keeps results as records; a record whose files and blobs are gone is no result any more. */
export function createRecordResultStore(
  records: CacheRecordStore,
  chains: RecordChains,
  lease: Lease,
): ResultStore {
  return {
    async load(id: string): Promise<Result | undefined> {
      if (id === SCRATCH_ID) return recordResult();
      // The lease comes before the look: what is found now cannot be collected under our feet.
      lease.addRecords([id]);
      if (!(await chains.isWhole(id))) return undefined;
      const ids = chains.chain(id).map((record) => record.id);
      lease.addRecords(ids);
      records.touch(ids);
      return recordResult(id);
    },
    async save(result: Result): Promise<string> {
      return recordIdOf(asBuildResult(result)) ?? SCRATCH_ID;
    },
  };
}
