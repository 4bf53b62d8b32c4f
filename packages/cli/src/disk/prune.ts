// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { diskUsage, type UsageRow } from '../cache-usage.ts';
import { collect } from '../collection.ts';
import type { Services } from '../wiring/services.ts';
import { diskSpace } from './disk-space.ts';
import { leastUsefulRows } from './ladder.ts';
import { type DiskLimits, excessOf } from './limits.ts';
import { keepReserve, RESERVE_BYTES, useReserve } from './reserve.ts';

/** What to remove. */
export interface PruneRequest {
  /** Also what images share with the cache, and what is internal. */
  readonly all: boolean;
  readonly matches: (row: UsageRow) => boolean;
  /** `matches` does not hold for everything. */
  readonly isFiltered: boolean;
  /** Milliseconds; what was used within them stays. */
  readonly keepDuration: number;
  readonly limits: DiskLimits;
  readonly dryRun: boolean;
}

/** Bytes of free disk below which removals are noted a few at a time. */
const TIGHT = 32 * RESERVE_BYTES;
const A_FEW = 8;

/** Removes what was asked for as far as nothing uses it, the least useful first; returns what went, or would go. */
export async function prune(
  services: Services,
  request: PruneRequest,
  { signal }: AbortOptions,
): Promise<readonly UsageRow[]> {
  if (request.dryRun) return choose((await diskUsage(services, { signal })).rows, services, request);
  // On a full disk nothing could be noted: this is what the reserve is for.
  useReserve(services);
  // Downloads that were interrupted wait here to be resumed.
  await (await services.content()).sweep({ olderThan: 0 });
  const { rows } = await diskUsage(services, { signal });
  const chosen = choose(rows, services, request);
  const removed = new Set<string>();
  for (const ids of batches(chosen, services))
    for (const id of await collect(services, { ids, signal })) removed.add(id);
  const metadata = await services.metadata();
  if (request.all && !request.isFiltered) metadata.statCache.clear();
  metadata.compact();
  const isEmpty = removed.size === rows.length && metadata.images.list().length === 0;
  if (!isEmpty) keepReserve(services);
  return chosen.filter(({ record }) => removed.has(record.id));
}

function choose(rows: readonly UsageRow[], services: Services, request: PruneRequest): readonly UsageRow[] {
  const { all, matches, keepDuration, limits } = request;
  const oldest = Date.now() - keepDuration;
  const counted = rows.filter((row) => all || (!row.shared && row.record.type !== 'internal'));
  const used = counted.reduce((sum, { size }) => sum + size, 0);
  const { free } = diskSpace(services.state());
  const may = new Set(
    counted.filter(
      (row) => !row.inUse && matches(row) && (keepDuration === 0 || row.record.lastUsedAt <= oldest),
    ),
  );
  return leastUsefulRows(rows, { bytes: excessOf(limits, { used, free }), mayGo: (row) => may.has(row) });
}

/** Ids to remove at once: all of them, or where space is short a few first, whose space then serves the others. */
function* batches(chosen: readonly UsageRow[], services: Services): Generator<ReadonlySet<string>> {
  const ids = chosen.map(({ record }) => record.id);
  let at = 0;
  do {
    const count = diskSpace(services.state()).free < TIGHT ? A_FEW : ids.length;
    // Also with nothing chosen: blobs that nothing names go in any case.
    yield new Set(ids.slice(at, at + count));
    at += count;
  } while (at < ids.length);
}
