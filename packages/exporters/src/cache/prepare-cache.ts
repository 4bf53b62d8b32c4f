// SPDX-License-Identifier: MIT
import type { CacheGraph, ExportProgress } from '@img-build/interfaces';
import type { MediaTypeFamily } from '@img-build/oci';
import { type FittedCache, fitCache } from './fit-cache.ts';

/** How a cache is prepared. */
export interface PrepareCacheOptions {
  readonly family: MediaTypeFamily;
  readonly progress: ExportProgress;
  /** Told what was left out. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Encodes a cache for a destination and says what did not fit; `undefined`, shown as such, when it has no layer.
 *
 * @throws ExporterError `CACHE_INVALID`
 */
export async function prepareCache(
  graph: CacheGraph,
  { family, progress, onWarning }: PrepareCacheOptions,
): Promise<FittedCache | undefined> {
  const cache = await progress('preparing build cache for export', async () => fitCache(graph, { family }));
  if (cache.dropped > 0)
    onWarning?.(`the cache is too large to be read again: its ${cache.dropped} oldest records were left out`);
  if (cache.layers.length > 0) return cache;
  await progress('skipping cache export for empty result', async () => {});
  return undefined;
}
