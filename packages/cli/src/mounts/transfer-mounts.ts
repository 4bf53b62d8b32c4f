// SPDX-License-Identifier: MIT
import type { MountPlace, SavedMount } from '@img-build/exporters';
import type { AbortOptions, ProgressOptions, SaveCacheMountOptions } from '@img-build/interfaces';
import type { Services } from '../wiring/services.ts';
import type { LocalMount } from './local-mounts.ts';

/** Packs cache mounts into the content store; what has gone meanwhile is left out. */
export async function saveMounts(
  services: Services,
  mounts: readonly LocalMount[],
  options: SaveCacheMountOptions,
): Promise<readonly SavedMount[]> {
  const worker = await services.worker();
  const saved: SavedMount[] = [];
  for (const { key, id, seeded } of mounts) {
    const made = await worker.saveCacheMount(key, options);
    if (made !== undefined) saved.push({ id, seeded, ...made });
  }
  return saved;
}

/** How to restore. */
export interface RestoreMountOptions extends AbortOptions, ProgressOptions {
  /** Whether a mount that is there goes. */
  readonly replace: boolean;
}

/**
 * Makes a cache mount of a saved one, fetching its layer. What started with something elsewhere waits for the first run
 * here that starts a cache of that id with something.
 *
 * @returns whether it was made.
 * @throws RegistryError, ContentError, LayerError
 */
export async function restoreMount(
  services: Services,
  place: MountPlace,
  { id, seeded, owner, layer }: SavedMount,
  { replace, signal, onProgress }: RestoreMountOptions,
): Promise<boolean> {
  const [{ cacheMountKey, restoredCacheMountKey }, content, worker] = await Promise.all([
    import('@img-build/worker'),
    services.content(),
    services.worker(),
  ]);
  const { mediaType, digest, size } = layer.descriptor;
  if ((await content.info(digest)) === undefined)
    await content.ingest(mediaType, place.open(layer.descriptor, { signal, onProgress }), {
      expected: digest,
      size,
      signal,
    });
  const key = seeded ? restoredCacheMountKey(id) : cacheMountKey(id);
  // Commands that come later find mounts only where they know the snapshotter.
  await services.backend();
  return await worker.restoreCacheMount({ key, label: id, blob: digest, owner, replace }, { signal });
}

/** Protects what the content store holds for a transfer, and removes it after. */
export async function whileTransferring<T>(
  services: Services,
  { signal }: AbortOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lease = (await services.metadata()).leases.create();
  try {
    return await work();
  } finally {
    lease.release();
    const { collect } = await import('../collection.ts');
    if (signal?.aborted !== true) await collect(services, { signal });
  }
}
