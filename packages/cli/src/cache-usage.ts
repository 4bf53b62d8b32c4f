// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { isToolError } from '@img-build/errors';
import type { AbortOptions, CacheRecord } from '@img-build/interfaces';
import type { Metadata, RecordUse } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import { createBlobTree } from './blob-tree.ts';
import { cacheMountRecords, isCacheMountInUse, SNAPSHOT_BACKENDS } from './cache-mounts.ts';
import { sizeOnDisk } from './disk/folder-size.ts';
import { areSourcesInUse, keptSources } from './disk/kept-sources.ts';
import type { Services } from './wiring/services.ts';

/** A cache record, cache mount or kept source and what it costs. */
export interface UsageRow {
  readonly record: CacheRecord;
  /** Bytes on disk: unpacked files and the blob. Of a blob that several records name, the first one has the bytes. */
  readonly size: number;
  /** Bytes that its removal gives back: an image keeps its blobs. */
  readonly freed: number;
  /** Neither a build nor an image uses it. */
  readonly reclaimable: boolean;
  /** A running build uses it. */
  readonly inUse: boolean;
  /** Still being changed: cache mounts. */
  readonly mutable: boolean;
  /** An image uses its layer too. */
  readonly shared: boolean;
}

/** What the state folder holds. */
export interface DiskUsage {
  readonly rows: readonly UsageRow[];
  /** Bytes of everything: records, cache mounts, kept sources, blobs of images, the database and the reserve. */
  readonly total: number;
}

/** Begin of the names under which sizes of cache mounts are remembered. */
const MOUNT_SIZE = 'mount ';

/** Measures the state; sizes that cannot have changed are not measured again. */
export async function diskUsage(services: Services, options: AbortOptions): Promise<DiskUsage> {
  const [metadata, content] = await Promise.all([services.metadata(), services.content()]);
  const uses = await metadata.surveyRecords({ children: await createBlobTree(services), ...options });
  const unpacked = await unpackedSizes(services, metadata, uses, options);
  const blobs = new Map<Digest, number>();
  for await (const { digest, size } of content.walk(options)) blobs.set(digest, size);
  const records = recordRows(uses, unpacked, new Map(blobs));
  const others = [
    ...(await cacheMountRows(services, metadata, options)),
    ...(await sourceRows(services, options)),
  ];
  const own = ['state.db', 'state.db-wal', 'reserve'].map((name) => sizeOnDisk(join(services.state(), name)));
  return {
    rows: [...records, ...others],
    total: sum(blobs.values()) + sum(unpacked.values()) + sum(others.map(({ size }) => size)) + sum(own),
  };
}

/** @param blobs - sizes that no row has yet; emptied on the way. */
function recordRows(
  uses: readonly RecordUse[],
  unpacked: ReadonlyMap<string, number>,
  blobs: Map<Digest, number>,
): readonly UsageRow[] {
  return uses.map(({ record, inUse, shared }) => {
    const files = unpacked.get(record.id) ?? 0;
    const digest = record.layer?.descriptor.digest;
    const blob = digest === undefined ? 0 : (blobs.get(digest) ?? 0);
    if (digest !== undefined) blobs.delete(digest);
    return {
      record,
      size: files + blob,
      freed: shared ? files : files + blob,
      reclaimable: !inUse && !shared,
      inUse,
      mutable: false,
      shared,
    };
  });
}

async function cacheMountRows(
  services: Services,
  metadata: Metadata,
  options: AbortOptions,
): Promise<readonly UsageRow[]> {
  const records = await cacheMountRecords(services);
  metadata.measurements.retain(MOUNT_SIZE, new Set(records.map(({ id }) => `${MOUNT_SIZE}${id}`)));
  const rows: UsageRow[] = [];
  for (const record of records) {
    const inUse = await isCacheMountInUse(services, record.id, options);
    const known = metadata.measurements.get(`${MOUNT_SIZE}${record.id}`);
    const isCurrent = !inUse && known !== undefined && known.measuredAt > record.lastUsedAt;
    const size = isCurrent ? known.size : ((await measure(services, record.id, options)) ?? 0);
    if (!isCurrent && !inUse) metadata.measurements.put(`${MOUNT_SIZE}${record.id}`, size);
    rows.push({ record, size, freed: size, reclaimable: !inUse, inUse, mutable: true, shared: false });
  }
  return rows;
}

async function sourceRows(services: Services, options: AbortOptions): Promise<readonly UsageRow[]> {
  const sources = keptSources(services);
  const inUse = sources.length > 0 && (await areSourcesInUse(services, options));
  return sources.map(({ record, size }) => ({
    record,
    size,
    freed: size,
    reclaimable: !inUse,
    inUse,
    mutable: false,
    shared: false,
  }));
}

/** Bytes of the files of each record that is unpacked; the worker starts only when one was never measured. */
async function unpackedSizes(
  services: Services,
  metadata: Metadata,
  uses: readonly RecordUse[],
  options: AbortOptions,
): Promise<ReadonlyMap<string, number>> {
  const committed = new Set(
    SNAPSHOT_BACKENDS.flatMap((backend) => metadata.snapshots(backend).list())
      .filter(({ kind }) => kind === 'committed')
      .map(({ key }) => key),
  );
  const sizes = new Map<string, number>();
  const measured = new Map<string, number>();
  for (const { record } of uses) {
    options.signal?.throwIfAborted();
    if (!committed.has(record.id)) continue;
    const size = record.size ?? (await measure(services, record.id, options));
    if (record.size === undefined && size !== undefined) measured.set(record.id, size);
    sizes.set(record.id, size ?? 0);
  }
  if (measured.size > 0)
    metadata.cacheKeys.transaction(() => {
      for (const [id, size] of measured) metadata.records.update(id, { size });
    });
  return sizes;
}

/** Bytes of a snapshot; `undefined` when somebody removed it meanwhile, or when only another backend has it. */
async function measure(services: Services, key: string, options: AbortOptions): Promise<number | undefined> {
  try {
    return (await (await services.worker()).usage(key, options)).size;
  } catch (error) {
    if (isToolError(error, 'SNAPSHOT_NOT_FOUND')) return undefined;
    throw error;
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
