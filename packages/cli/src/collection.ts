// SPDX-License-Identifier: MIT
import { rmSync, statSync } from 'node:fs';
import type { AbortOptions, BlobInfo } from '@img-build/interfaces';
import type { Metadata, SnapshotName } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import { createBlobTree } from './blob-tree.ts';
import { forgetCacheMounts, isCacheMount } from './cache-mounts.ts';
import { removeKeptSources } from './disk/kept-sources.ts';
import type { Services } from './wiring/services.ts';

/** What to collect besides blobs and snapshots that nothing names. */
export interface CollectOptions extends AbortOptions {
  /** Ids of records, cache mounts and kept sources that go, as far as nothing uses them. */
  readonly ids?: ReadonlySet<string> | undefined;
}

/** Milliseconds by which the times of files lag behind the clock. */
const CLOCK_SLACK = 1000;
/** Blobs removed in one transaction: other processes wait that long for theirs. */
const BLOBS_AT_ONCE = 64;
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Removes what was chosen and what nothing reaches; returns the ids of what went. Images and builds in progress keep what
 * they use: what is removed is decided and taken out of the books in one transaction, the files follow.
 */
export async function collect(
  services: Services,
  { ids = NOTHING, signal }: CollectOptions,
): Promise<ReadonlySet<string>> {
  const metadata = await services.metadata();
  const children = await createBlobTree(services);
  const { records, snapshots } = await metadata.planCollection({
    blobs: [],
    children,
    signal,
    choose: () => ids,
    keepsSnapshot,
    apply(plan) {
      for (const { id } of plan.records) metadata.cacheKeys.releaseResult(id);
      metadata.records.remove(plan.records.map(({ id }) => id));
      if (plan.records.length > 0) metadata.steps.markPruned(Date.now());
      for (const { backend, key } of plan.snapshots) metadata.snapshots(backend).remove(key);
    },
  });
  const removed = new Set(records.map(({ id }) => id));
  const mounts = await forgetCacheMounts(services, [...ids].filter(isCacheMount), { signal });
  for (const id of mounts) removed.add(id);
  // Their folders belong to ids that only the worker may act for.
  if (snapshots.length + mounts.length > 0) await (await services.worker()).sweep({ signal });
  for (const id of await removeKeptSources(services, ids, { signal })) removed.add(id);
  await removeBlobs(services, metadata, children, { signal });
  return removed;
}

/** What a worker is changing is its own business; cache mounts go only when they are chosen. */
function keepsSnapshot({ key }: SnapshotName): boolean {
  return key.startsWith('work-') || isCacheMount(key);
}

async function removeBlobs(
  services: Services,
  metadata: Metadata,
  children: (digest: Digest) => Promise<readonly Digest[]>,
  { signal }: AbortOptions,
): Promise<void> {
  const content = await services.content();
  const { since = Number.POSITIVE_INFINITY } = metadata.leases.protectedResources();
  const old = new Map<Digest, BlobInfo>();
  for await (const blob of content.walk({ signal }))
    if (blob.createdAt < since - CLOCK_SLACK) old.set(blob.digest, blob);
  const look = { children, signal, choose: () => NOTHING, keepsSnapshot: () => true };
  const { blobs } = await metadata.planCollection({ ...look, blobs: old.keys() });
  for (let at = 0; at < blobs.length; at += BLOBS_AT_ONCE) {
    await metadata.planCollection({
      ...look,
      blobs: blobs.slice(at, at + BLOBS_AT_ONCE),
      apply(plan) {
        for (const digest of plan.blobs) removeUnchanged(content.pathOf(digest), old.get(digest));
      },
    });
  }
}

/** A blob that was stored again meanwhile is somebody's. */
function removeUnchanged(path: string, known: BlobInfo | undefined): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && Math.floor(stats.mtimeMs) === known?.createdAt) rmSync(path, { force: true });
}
