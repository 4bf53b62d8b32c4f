// SPDX-License-Identifier: MIT

import { isToolError } from '@img-build/errors';
import type { AbortOptions, CacheRecord } from '@img-build/interfaces';
import type { CollectionPlan } from '@img-build/metadata';
import { type Digest, detectDocument, MAX_MANIFEST_BYTES } from '@img-build/oci';
import { isCacheMount } from './cache-mounts.ts';
import type { Services } from './wiring/services.ts';

/** What to collect. */
export interface CollectOptions extends AbortOptions {
  /** `keep` leaves all cache records alone and removes only blobs that nothing names. */
  readonly records: 'keep' | 'reclaimable';
}

/** Milliseconds by which the times of files lag behind the clock. */
const CLOCK_SLACK = 1000;

/** The records that could go now. */
export async function collectable(
  services: Services,
  options: AbortOptions = {},
): Promise<readonly CacheRecord[]> {
  return (await plan(services, { ...options, records: 'reclaimable' })).records;
}

async function plan(services: Services, { records: which, signal }: CollectOptions): Promise<CollectionPlan> {
  const [metadata, content] = await Promise.all([services.metadata(), services.content()]);
  const blobs: Digest[] = [];
  const { since = Number.POSITIVE_INFINITY } = metadata.leases.protectedResources();
  for await (const { digest, createdAt } of content.walk({ signal })) {
    if (createdAt < since - CLOCK_SLACK) blobs.push(digest);
  }
  return await metadata.planCollection({
    blobs,
    signal,
    children: (digest) => childrenOf(services, digest),
    reclaim: () => which === 'reclaimable',
  });
}

/**
 * Removes what nothing reaches; returns the ids of the records, and the keys of the cache mounts, that went. Images and
 * builds in progress keep what they use.
 */
export async function collect(services: Services, options: CollectOptions): Promise<readonly string[]> {
  const { signal } = options;
  const [metadata, content] = await Promise.all([services.metadata(), services.content()]);
  const { records, snapshots: found, blobs } = await plan(services, options);
  metadata.cacheKeys.transaction(() => {
    for (const { id } of records) metadata.cacheKeys.releaseResult(id);
    metadata.records.remove(records.map(({ id }) => id));
  });
  const snapshots = found.filter(({ key }) => isCollected(key, options.records));
  const removed = snapshots.length > 0 ? await removeSnapshots(services, snapshots, { signal }) : [];
  for (const digest of blobs) await content.remove(digest);
  return [...records.map(({ id }) => id), ...removed.filter(isCacheMount)];
}

/** What a worker is changing is its own business; cache mounts go with the rest of the cache. */
function isCollected(key: string, which: CollectOptions['records']): boolean {
  if (key.startsWith('work-')) return false;
  return which === 'reclaimable' || !isCacheMount(key);
}

/** Returns the removed; the worker leaves those that a build is using. */
async function removeSnapshots(
  services: Services,
  snapshots: readonly { readonly backend: string; readonly key: string }[],
  options: AbortOptions,
): Promise<readonly string[]> {
  const backend = await services.backend();
  const keys = snapshots.filter((snapshot) => snapshot.backend === backend).map(({ key }) => key);
  return keys.length === 0 ? [] : await (await services.worker()).remove(keys, options);
}

/** What a manifest or index names; anything else names nothing. */
async function childrenOf(services: Services, digest: Digest): Promise<readonly Digest[]> {
  const content = await services.content();
  const info = await content.info(digest);
  if (info === undefined || info.size > MAX_MANIFEST_BYTES) return [];
  try {
    const document = detectDocument(await content.read(digest, MAX_MANIFEST_BYTES));
    if (document.kind === 'index') return document.index.manifests.map((each) => each.digest);
    return [document.manifest.config.digest, ...document.manifest.layers.map((each) => each.digest)];
  } catch (error) {
    // A layer or a config: no document of this kind.
    if (isToolError(error)) return [];
    throw error;
  }
}
