// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphResult, Layer } from '@img-build/interfaces';
import { type Descriptor, type Digest, type GoValue, goJson, type MediaTypeFamily } from '@img-build/oci';
import { layerDescriptor } from '../image/layer-descriptor.ts';
import { timeText } from '../image/time-text.ts';
import { type CacheConfig, type ConfigLayer, type ConfigRecord, LAYER_ANNOTATIONS } from './cache-config.ts';
import { type CanonicalRecord, canonicalRecords } from './canonical-graph.ts';

/** A cache as it is written. */
export interface EncodedCache {
  readonly config: CacheConfig;
  /** Each blob once, in the order of the config. */
  readonly layers: readonly Layer[];
}

/** Encodes a graph. The same graph gives the same document, in whatever order it comes. @throws ExporterError `CACHE_INVALID` */
export function encodeCache(graph: CacheGraph): EncodedCache {
  return encodeRecords(canonicalRecords(graph));
}

/** @param records - closed: what a record links to is in the list. */
export function encodeRecords(records: readonly CanonicalRecord[]): EncodedCache {
  const { layers, placeOf } = sortedLayers(records);
  const blobs = new Map<Digest, Layer>();
  for (const layer of layers) {
    const known = blobs.get(layer.layer.descriptor.digest);
    if (known === undefined || isBefore(layer.layer, known))
      blobs.set(layer.layer.descriptor.digest, layer.layer);
  }
  const created = creationTimes(records);
  return {
    config: {
      layers: layers.map(({ config }) => config),
      records: recordConfigs(records, (results) => ({
        layers: results
          .map(({ layers: own, createdAt }) => ({ layer: placeOf(own), createdAt: timeText(createdAt) }))
          .sort((a, b) => a.layer - b.layer),
      })),
    },
    layers: [...blobs.values()].map((layer) => withTime(layer, created.get(layer.descriptor.digest))),
  };
}

/** The records in the order BuildKit gives them. */
export function recordConfigs(
  records: readonly CanonicalRecord[],
  resultsOf: (results: readonly CacheGraphResult[]) => Pick<ConfigRecord, 'layers' | 'chains'>,
): readonly ConfigRecord[] {
  const sorted = records
    .map((record) => ({ record, key: sortKey(record) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ record }) => record);
  const places = new Map(sorted.map((record, place) => [record, place]));
  return sorted.map(({ digest, inputs, results }) => ({
    ...resultsOf(results),
    digest,
    inputs: inputs.map((all) =>
      all
        .map(({ record, selector }) => ({ selector, link: places.get(record) ?? -1 }))
        .sort((a, b) => a.link - b.link || ((a.selector ?? '') < (b.selector ?? '') ? -1 : 1)),
    ),
  }));
}

/** The bytes of a config, as BuildKit writes them. */
export function cacheConfigBytes({ layers = [], records = [] }: CacheConfig): Uint8Array {
  const config = {
    ...(layers.length === 0 ? {} : { layers: layers.map(layerJson) }),
    ...(records.length === 0 ? {} : { records: recordsJson(records) }),
  };
  return new TextEncoder().encode(goJson(config));
}

/** The records as values for {@link goJson}. */
export function recordsJson(records: readonly ConfigRecord[]): GoValue {
  return records.map(({ layers = [], chains = [], digest, inputs = [] }) => ({
    ...(layers.length === 0 ? {} : { layers: layers.map(({ layer, createdAt }) => ({ layer, createdAt })) }),
    ...(chains.length === 0
      ? {}
      : { chains: chains.map((chain) => ({ layers: [...chain.layers], createdAt: chain.createdAt })) }),
    digest,
    ...(inputs.length === 0
      ? {}
      : { inputs: inputs.map((all) => all.map(({ selector, link }) => ({ selector, link }))) }),
  }));
}

/** A layer as a cache manifest lists it. */
export function cacheLayerDescriptor({ descriptor, diffId }: Layer, family: MediaTypeFamily): Descriptor {
  const plain = layerDescriptor(descriptor, family);
  const { createdAt, description } = LAYER_ANNOTATIONS;
  const own = [createdAt, description].flatMap((name) => {
    const value = descriptor.annotations?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const annotations = [
    ...Object.entries(plain.annotations ?? {}),
    ...own,
    [LAYER_ANNOTATIONS.diffId, diffId] as const,
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...plain, annotations: Object.fromEntries(annotations) };
}

function layerJson({ blob, parent = 0 }: ConfigLayer): GoValue {
  // Go leaves out a zero, and readers take what is left out for one.
  return parent === 0 ? { blob } : { blob, parent };
}

interface ChainedLayer {
  readonly layer: Layer;
  readonly config: ConfigLayer;
}

/** Layers by blob, then by what is below them: every layer with its parents is one entry. */
function sortedLayers(records: readonly CanonicalRecord[]): {
  readonly layers: readonly ChainedLayer[];
  readonly placeOf: (layers: readonly Layer[]) => number;
} {
  const root = new Map<Digest, Node>();
  const all: Node[] = [];
  const nodeOf = (layers: readonly Layer[]): Node | undefined => {
    let at: Node | undefined;
    for (const layer of layers) {
      const children: Map<Digest, Node> = at?.children ?? root;
      const { digest } = layer.descriptor;
      const known = children.get(digest);
      const node: Node = known ?? { layer, parent: at, depth: (at?.depth ?? 0) + 1, children: new Map() };
      if (known === undefined) all.push(node);
      children.set(digest, node);
      if (isBefore(layer, node.layer)) node.layer = layer;
      at = node;
    }
    return at;
  };
  for (const { results } of records) for (const { layers } of results) nodeOf(layers);
  all.sort(compareNodes);
  const places = new Map(all.map((node, place) => [node, place]));
  const place = (node: Node | undefined): number => (node === undefined ? -1 : (places.get(node) ?? -1));
  return {
    layers: all.map((node) => ({
      layer: node.layer,
      config: { blob: node.layer.descriptor.digest, parent: place(node.parent) },
    })),
    placeOf: (layers) => place(nodeOf(layers)),
  };
}

interface Node {
  layer: Layer;
  readonly parent: Node | undefined;
  readonly depth: number;
  readonly children: Map<Digest, Node>;
}

function compareNodes(a: Node, b: Node): number {
  let [left, right]: [Node | undefined, Node | undefined] = [a, b];
  while (left !== right) {
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const [x, y] = [left.layer.descriptor.digest, right.layer.descriptor.digest];
    if (x !== y) return x < y ? -1 : 1;
    [left, right] = [left.parent, right.parent];
  }
  return 0;
}

/** Of two descriptors of one blob the same one is taken, whichever comes first. */
function isBefore(a: Layer, b: Layer): boolean {
  return a !== b && JSON.stringify(a) < JSON.stringify(b);
}

/** Digest, number of inputs, of alternatives, their selectors and digests; the id decides what is left. */
function sortKey({ id, digest, inputs }: CanonicalRecord): readonly (string | number)[] {
  const alternatives = inputs.flatMap((all) => [
    all.length,
    ...all
      .map(({ record, selector = '' }) => `${selector} ${record.digest}`)
      .sort((a, b) => (a < b ? -1 : 1)),
  ]);
  return [digest, inputs.length, ...alternatives, id];
}

function compareKeys(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** When the oldest result whose topmost layer is this one was made. */
function creationTimes(records: readonly CanonicalRecord[]): ReadonlyMap<Digest, number> {
  const times = new Map<Digest, number>();
  for (const { layers, createdAt } of records.flatMap(({ results }) => results)) {
    const digest = layers.at(-1)?.descriptor.digest;
    if (digest !== undefined) times.set(digest, Math.min(createdAt, times.get(digest) ?? createdAt));
  }
  return times;
}

function withTime({ descriptor, diffId }: Layer, createdAt: number | undefined): Layer {
  const { annotations = {} } = descriptor;
  if (createdAt === undefined || annotations[LAYER_ANNOTATIONS.createdAt] !== undefined)
    return { descriptor, diffId };
  const dated = { ...annotations, [LAYER_ANNOTATIONS.createdAt]: timeText(createdAt) };
  return { descriptor: { ...descriptor, annotations: dated }, diffId };
}
