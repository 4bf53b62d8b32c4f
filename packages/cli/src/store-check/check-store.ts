// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AbortOptions } from '@img-build/interfaces';
import { readStoreContents } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import type { Services } from '../wiring/services.ts';
import { blobProblems, surveyBlobs } from './check-blobs.ts';
import { checkImages } from './check-images.ts';
import { checkLeftovers, isHeld } from './check-leftovers.ts';
import { checkCacheKeys, checkRecords } from './check-records.ts';
import { checkSnapshots, listSnapshotFolders, type Workers } from './check-snapshots.ts';
import { namesIn } from './folder-names.ts';
import { corruption, lasting, type StoreProblem } from './problem.ts';

/** What a check found. */
export interface StoreReport {
  readonly problems: readonly StoreProblem[];
  /** How many things were looked at. */
  readonly checked: {
    readonly blobs: number;
    /** Bytes of all blobs. */
    readonly bytes: number;
    readonly images: number;
    readonly records: number;
    readonly snapshots: number;
  };
}

/** What one look finds, and which blobs the next one has to read again. */
interface Look extends StoreReport {
  readonly damaged: ReadonlySet<string>;
}

const NOTHING: StoreReport = {
  problems: [],
  checked: { blobs: 0, bytes: 0, images: 0, records: 0, snapshots: 0 },
};

/**
 * Checks everything in the state folder: the database, every blob byte by byte, images, cache records and keys, snapshots,
 * and what killed processes left. Changes nothing. Builds may run meanwhile: whatever looks wrong is looked at a second
 * time, and what living processes hold is theirs.
 */
export async function checkStore(
  services: Pick<Services, 'state' | 'content' | 'host'>,
  { signal }: AbortOptions = {},
): Promise<StoreReport> {
  if (!existsSync(join(services.state(), 'state.db'))) return NOTHING;
  const first = await look(services, { reads: () => true, signal });
  if (first.problems.length === 0) return first;
  const second = await look(services, { reads: (digest) => first.damaged.has(digest), signal });
  return { checked: first.checked, problems: lasting(first.problems, second.problems) };
}

async function look(
  services: Pick<Services, 'state' | 'content' | 'host'>,
  options: AbortOptions & { readonly reads: (digest: Digest) => boolean },
): Promise<Look> {
  const state = services.state();
  const [content, host] = await Promise.all([services.content(), services.host()]);
  const root = join(state, 'snapshots');
  // A folder has its row before it is made, and a blob is there before anything names it: hence this order.
  const folders = listSnapshotFolders(root);
  const workers = livingWorkers(state, host);
  const contents = readStoreContents({ path: join(state, 'state.db'), thorough: true });
  const snapshots = checkSnapshots(contents.snapshots, { root, folders, workers });
  const blobs = await surveyBlobs(content, options);
  const problems = [
    ...contents.damage.map((message) => corruption('database-damaged', 'state.db', message)),
    ...blobProblems(blobs),
    ...(await checkImages(contents.images, { content, sizes: blobs.sizes, signal: options.signal })),
    ...checkRecords(contents, blobs.sizes),
    ...checkCacheKeys(contents),
    ...snapshots,
    ...checkLeftovers(contents.leases, { state, host }),
  ];
  return {
    problems,
    damaged: new Set(blobs.damaged),
    checked: {
      blobs: blobs.sizes.size,
      bytes: [...blobs.sizes.values()].reduce((sum, size) => sum + size, 0),
      images: contents.images.length,
      records: contents.records.length,
      snapshots: [...contents.snapshots.values()].reduce((sum, rows) => sum + rows.length, 0),
    },
  };
}

/** A worker holds the lock with its number as long as it lives. */
function livingWorkers(state: string, host: Parameters<typeof isHeld>[1]): Workers {
  const alive = new Set(
    namesIn(join(state, 'locks')).flatMap((name) => {
      const number = /^worker-(\d+)\.lock$/.exec(name)?.[1];
      return number !== undefined && isHeld(join(state, 'locks', name), host) ? [number] : [];
    }),
  );
  return { anyAlive: alive.size > 0, isAlive: (worker) => alive.has(worker) };
}
