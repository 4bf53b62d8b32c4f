// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphResult, Layer } from '@img-build/interfaces';
import { goJson } from '@img-build/oci';
import { timeText } from '../image/time-text.ts';
import type { ConfigRecord } from './cache-config.ts';
import { canonicalRecords } from './canonical-graph.ts';
import { recordConfigs, recordsJson } from './encode-cache.ts';

/**
 * The inline cache of an image: what its config has under `moby.buildkit.cache.v0`. Only results that the image's layers
 * make up are in it, whatever those are compressed with; `undefined` when there is none.
 *
 * @param layers - of the image, from bottom to top.
 * @throws ExporterError `CACHE_INVALID` when the graph has a loop
 * @see BuildKit, cache/remotecache/inline
 */
export function encodeInlineCache(graph: CacheGraph, layers: readonly Layer[]): string | undefined {
  const places = new Map(layers.map(({ diffId }, place) => [diffId, place]));
  const placesOf = (result: CacheGraphResult): readonly number[] =>
    result.layers.map(({ diffId }, index) =>
      layers[index]?.diffId === diffId ? index : (places.get(diffId) ?? -1),
    );
  const records = canonicalRecords({
    records: graph.records.map((record) => ({
      ...record,
      results: record.results.filter((result) => !placesOf(result).includes(-1)),
    })),
  });
  if (records.length === 0) return undefined;
  const configs = recordConfigs(records, (results) => inlineResults(results, placesOf));
  return Buffer.from(goJson(recordsJson(configs))).toString('base64');
}

/** What lies in the image as it lies in the result is told by its topmost layer, everything else layer by layer. */
function inlineResults(
  results: readonly CacheGraphResult[],
  placesOf: (result: CacheGraphResult) => readonly number[],
): Pick<ConfigRecord, 'layers' | 'chains'> {
  const told = results
    .map((result) => ({ places: placesOf(result), createdAt: timeText(result.createdAt) }))
    .sort((a, b) => (a.places.join() < b.places.join() ? -1 : 1));
  const isInOrder = (places: readonly number[]): boolean => places.every((place, index) => place === index);
  return {
    layers: told
      .filter(({ places }) => isInOrder(places))
      .map(({ places, createdAt }) => ({ layer: places.length - 1, createdAt })),
    chains: told
      .filter(({ places }) => !isInOrder(places))
      .map(({ places, createdAt }) => ({ layers: places, createdAt })),
  };
}
