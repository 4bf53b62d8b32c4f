// SPDX-License-Identifier: MIT
import type { AbortOptions, CacheRecord } from '@img-build/interfaces';
import { cacheMountRecords, isCacheMountInUse } from './cache-mounts.ts';
import { collectable } from './collection.ts';
import type { Services } from './wiring/services.ts';

/** A cache record and what it costs. */
export interface UsageRow {
  readonly record: CacheRecord;
  /** Bytes on disk: unpacked files, and the blob where only that is there. */
  readonly size: number;
  readonly reclaimable: boolean;
  /** A running build uses it. */
  readonly inUse: boolean;
  /** Still being changed: cache mounts. */
  readonly mutable: boolean;
  /** An image uses its layer too. */
  readonly shared: boolean;
}

/** All records and cache mounts with their sizes; sizes of records that were never measured are measured now and kept. */
export async function usageRows(services: Services, options: AbortOptions): Promise<readonly UsageRow[]> {
  const metadata = await services.metadata();
  const records = metadata.records.list();
  const sizes = await measure(services, records, options);
  const free = new Set((await collectable(services, options)).map(({ id }) => id));
  const leased = metadata.leases.protectedResources().records;
  const rows = records.map((record) => ({
    record,
    size: sizes.get(record.id) ?? 0,
    reclaimable: free.has(record.id),
    inUse: leased.has(record.id),
    mutable: false,
    shared: !free.has(record.id) && !leased.has(record.id),
  }));
  return [...rows, ...(await cacheMountRows(services, options))];
}

async function cacheMountRows(services: Services, options: AbortOptions): Promise<readonly UsageRow[]> {
  // A state directory nobody built in has no backend yet, and finding one would start the worker.
  if (!services.knowsBackend()) return [];
  const rows: UsageRow[] = [];
  for (const record of await cacheMountRecords(services)) {
    const { size } = await (await services.worker()).usage(record.id, options);
    const inUse = await isCacheMountInUse(services, record.id, options);
    rows.push({ record, size, reclaimable: !inUse, inUse, mutable: true, shared: false });
  }
  return rows;
}

async function measure(
  services: Services,
  records: readonly CacheRecord[],
  options: AbortOptions,
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  if (records.length === 0) return sizes;
  const [metadata, content, backend] = await Promise.all([
    services.metadata(),
    services.content(),
    services.backend(),
  ]);
  const book = metadata.snapshots(backend);
  for (const record of records) {
    options.signal?.throwIfAborted();
    const unpacked = book.get(record.id)?.kind === 'committed';
    const blob = record.layer && (await content.info(record.layer.descriptor.digest));
    if (unpacked && record.size === undefined) {
      const { size } = await (await services.worker()).usage(record.id, options);
      metadata.records.update(record.id, { size });
      sizes.set(record.id, size);
    } else {
      sizes.set(record.id, unpacked ? (record.size ?? 0) : (blob?.size ?? 0));
    }
  }
  return sizes;
}
