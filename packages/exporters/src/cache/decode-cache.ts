// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphRecord, CacheGraphResult, Layer } from '@img-build/interfaces';
import { type Digest, isDigest, MAX_CONFIG_BYTES } from '@img-build/oci';
import { brokenCache } from './cache-error.ts';
import { inputsFirst } from './canonical-graph.ts';

/** Layers on top of each other beyond which a cache is refused; no file system mounts as many. */
const MAX_CHAIN = 1024;
/** Layers of all results together. */
const MAX_RESULT_LAYERS = 4_000_000;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a cache config. Results with a layer that `layers` does not have are dropped, their records stay.
 *
 * @param layers - what the manifest lists.
 * @throws ExporterError `CACHE_INVALID` when it is too large, no such document, or has a loop, a place out of range or
 *   an input without alternatives: then none of it can be trusted.
 */
export function decodeCacheConfig(bytes: Uint8Array, layers: ReadonlyMap<Digest, Layer>): CacheGraph {
  const object = parseJson(bytes);
  if (!isObject(object)) throw brokenCache('it is not a JSON object');
  return decodeRecords(
    listIn(object, 'records'),
    layerChains(
      listIn(object, 'layers').map((value) => layerFrom(value)),
      layers,
    ),
  );
}

/**
 * Reads the records of an image's inline cache, whose layers are those of the image.
 *
 * @param image - its layers from bottom to top.
 * @throws ExporterError `CACHE_INVALID`
 */
export function decodeInlineRecords(bytes: Uint8Array, image: readonly Layer[]): CacheGraph {
  const records = parseJson(bytes);
  if (records === null) return { records: [] };
  if (!Array.isArray(records)) throw brokenCache('it is not a list of records');
  return decodeRecords(records, {
    count: image.length,
    chain: (layer) => image.slice(0, layer + 1),
    single: (layer) => image[layer],
  });
}

/** What the layers of a config are. */
interface LayerChains {
  readonly count: number;
  /** A layer and what is below it, from bottom to top; `undefined` when a blob is not known. */
  chain(layer: number): readonly Layer[] | undefined;
  single(layer: number): Layer | undefined;
}

function layerChains(
  config: readonly { readonly blob: Digest; readonly parent: number }[],
  known: ReadonlyMap<Digest, Layer>,
): LayerChains {
  checkParents(config.map(({ parent }) => parent));
  const single = (layer: number): Layer | undefined => {
    const blob = config[layer]?.blob;
    return blob === undefined ? undefined : known.get(blob);
  };
  return {
    count: config.length,
    single,
    chain(layer) {
      const chain: Layer[] = [];
      for (let at = layer; at >= 0; at = config[at]?.parent ?? -1) {
        const found = single(at);
        if (found === undefined) return undefined;
        chain.push(found);
      }
      return chain.reverse();
    },
  };
}

/** Refuses parents that are not there, that form a loop, or are too many. */
function checkParents(parents: readonly number[]): void {
  const depths = new Uint16Array(parents.length);
  const OPEN = 0xffff;
  for (const start of parents.keys()) {
    const path: number[] = [];
    let at = start;
    while (at !== -1 && depths[at] === 0) {
      depths[at] = OPEN;
      path.push(at);
      const parent = parents[at] ?? -1;
      if (parent < -1 || parent >= parents.length) throw brokenCache(`a layer has the parent ${parent}`);
      at = parent;
    }
    if (at !== -1 && depths[at] === OPEN) throw brokenCache('its layers form a loop');
    let depth = at === -1 ? 0 : (depths[at] ?? 0);
    for (const layer of path.reverse()) {
      depth += 1;
      if (depth > MAX_CHAIN) throw brokenCache(`more than ${MAX_CHAIN} layers lie on top of each other`);
      depths[layer] = depth;
    }
  }
}

function decodeRecords(values: readonly unknown[], layers: LayerChains): CacheGraph {
  const budget = { left: MAX_RESULT_LAYERS };
  const records = values.map((value) => recordFrom(value, layers, budget));
  inputsFirst(records);
  return { records };
}

function recordFrom(value: unknown, layers: LayerChains, budget: { left: number }): CacheGraphRecord {
  if (!isObject(value)) throw brokenCache('a record is no object');
  const { digest } = value;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw brokenCache(`${JSON.stringify(digest ?? null).slice(0, 100)} is not the digest of a record`);
  const chained = listIn(value, 'layers').map((item) =>
    resultFrom(item, (result) => layers.chain(placeIn(result['layer'] ?? 0, layers.count))),
  );
  const listed = listIn(value, 'chains').map((item) =>
    resultFrom(item, (result) => {
      const chain = listIn(result, 'layers').map((at) => layers.single(placeIn(at, layers.count)));
      if (chain.length > MAX_CHAIN) throw brokenCache(`a result has more than ${MAX_CHAIN} layers`);
      return chain.every((layer) => layer !== undefined) ? chain : undefined;
    }),
  );
  const results = [...chained, ...listed].filter((result) => result !== undefined);
  for (const result of results) budget.left -= result.layers.length;
  if (budget.left < 0) throw brokenCache(`its results have more than ${MAX_RESULT_LAYERS} layers`);
  return { digest, inputs: listIn(value, 'inputs').map(inputFrom), results };
}

function resultFrom(
  value: unknown,
  layersOf: (result: Json) => readonly Layer[] | undefined,
): CacheGraphResult | undefined {
  if (!isObject(value)) throw brokenCache('a result is no object');
  const layers = layersOf(value);
  if (layers === undefined || layers.length === 0) return undefined;
  const { createdAt } = value;
  const time = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN;
  return { layers, createdAt: Number.isNaN(time) ? 0 : time };
}

function inputFrom(value: unknown): CacheGraphRecord['inputs'][number] {
  if (!Array.isArray(value)) throw brokenCache('an input is no list of alternatives');
  if (value.length === 0) throw brokenCache('a record has an input that nothing leads to');
  return value.map((item: unknown) => {
    if (!isObject(item)) throw brokenCache('an alternative is no object');
    const { selector = '', link = 0 } = item;
    if (typeof selector !== 'string' || (selector !== '' && !isDigest(selector)))
      throw brokenCache('a selector is no digest');
    const record = integer(link);
    return selector === '' ? { record } : { record, selector: selector as Digest };
  });
}

function layerFrom(value: unknown): { readonly blob: Digest; readonly parent: number } {
  if (!isObject(value)) throw brokenCache('a layer is no object');
  const { blob, parent = 0 } = value;
  if (typeof blob !== 'string' || !isDigest(blob)) throw brokenCache('a layer names no blob');
  return { blob, parent: integer(parent) };
}

function placeIn(value: unknown, count: number): number {
  const place = integer(value);
  if (place < 0 || place >= count) throw brokenCache(`a result has layer ${place} of ${count}`);
  return place;
}

function integer(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw brokenCache('a place is no whole number');
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength > MAX_CONFIG_BYTES)
    throw brokenCache(`it has ${bytes.byteLength} bytes, more than the ${MAX_CONFIG_BYTES} allowed`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw brokenCache('it is not JSON', cause);
  }
}

function listIn(object: Json, key: string): readonly unknown[] {
  const value = object[key] ?? [];
  if (!Array.isArray(value)) throw brokenCache(`${key} is not a list`);
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
