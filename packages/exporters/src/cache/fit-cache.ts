// SPDX-License-Identifier: MIT
import type { CacheGraph } from '@img-build/interfaces';
import { MAX_ENTRIES, type MediaTypeFamily } from '@img-build/oci';
import { compactBytes } from '../image/stable-json.ts';
import { MAX_WRITTEN_BYTES } from './cache-config.ts';
import { type CanonicalRecord, canonicalRecords, leadingSomewhere } from './canonical-graph.ts';
import { cacheConfigBytes, cacheLayerDescriptor, type EncodedCache, encodeRecords } from './encode-cache.ts';

/** An encoded cache that is small enough for every reader. */
export interface FittedCache extends EncodedCache {
  readonly configBytes: Uint8Array;
  /** Records that were left out, the oldest. */
  readonly dropped: number;
}

/** What a cache must fit into. */
export interface FitOptions {
  readonly family: MediaTypeFamily;
  /** Bytes of config and of manifest, each; what BuildKit reads by default. */
  readonly maxBytes?: number | undefined;
}

/** Bytes of a manifest besides its layers, and of the comma after each. */
const MANIFEST_BYTES = 1024;

/**
 * Encodes a graph so that BuildKit reads it: when config or manifest are too large, the records whose results (and those
 * of everything that needs them) are oldest are left out.
 *
 * @throws ExporterError `CACHE_INVALID`
 */
export function fitCache(graph: CacheGraph, options: FitOptions): FittedCache {
  const records = canonicalRecords(graph);
  const whole = fitted(records, 0);
  if (fits(whole, options)) return whole;
  const newest = newestFirst(records);
  let [least, most] = [0, newest.length];
  // Closed at every length: a record comes after all that it links to.
  while (least < most - 1) {
    const middle = (least + most) >> 1;
    if (fits(fitted(newest.slice(0, middle), 0), options)) least = middle;
    else most = middle;
  }
  const kept = leadingSomewhere(newest.slice(0, least));
  return fitted(kept, records.length - kept.length);
}

function fitted(records: readonly CanonicalRecord[], dropped: number): FittedCache {
  const encoded = encodeRecords(records);
  return { ...encoded, configBytes: cacheConfigBytes(encoded.config), dropped };
}

function fits(
  { configBytes, layers }: FittedCache,
  { family, maxBytes = MAX_WRITTEN_BYTES }: FitOptions,
): boolean {
  if (configBytes.byteLength > maxBytes || layers.length > MAX_ENTRIES) return false;
  let bytes = MANIFEST_BYTES;
  for (const layer of layers) bytes += compactBytes(cacheLayerDescriptor(layer, family)).byteLength + 1;
  return bytes <= maxBytes;
}

/** By the newest result that a record leads to; of the same age, what others need first. */
function newestFirst(records: readonly CanonicalRecord[]): readonly CanonicalRecord[] {
  const ages = new Map<CanonicalRecord, number>();
  const depths = new Map<CanonicalRecord, number>();
  for (const record of records.toReversed()) {
    const own = Math.max(ages.get(record) ?? -Infinity, ...record.results.map(({ createdAt }) => createdAt));
    ages.set(record, own);
    for (const { record: input } of record.inputs.flat())
      ages.set(input, Math.max(ages.get(input) ?? -Infinity, own));
  }
  for (const record of records)
    depths.set(
      record,
      1 + record.inputs.flat().reduce((most, input) => Math.max(most, depths.get(input.record) ?? 0), 0),
    );
  const age = (record: CanonicalRecord): number => ages.get(record) ?? -Infinity;
  const depth = (record: CanonicalRecord): number => depths.get(record) ?? 0;
  return [...records].sort((a, b) => age(b) - age(a) || depth(a) - depth(b) || (a.id < b.id ? -1 : 1));
}
