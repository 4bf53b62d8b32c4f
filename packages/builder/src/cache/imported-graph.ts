// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphRecord, CacheGraphResult, Layer } from '@img-build/interfaces';
import { chainIds, type Digest } from '@img-build/oci';
import { derivedKey } from '@img-build/solver';
import { recordIdOfChain } from '../record-id.ts';
import type { MemoryKeys } from './memory-keys.ts';

/** A layer of an imported result, with the id that its record has here. */
export interface ImportedLayer {
  readonly id: string;
  readonly layer: Layer;
}

/** A result of an imported cache, from the bottom up; the id of the topmost layer is the result's. */
export type ImportedChain = readonly ImportedLayer[];

/**
 * Adds the records of a cache to `keys` and gives the results that they name, by id.
 *
 * Layers of images keep the names that records of images have; what steps made gets names of its own kind, as its times
 * may be rewritten when it is exported. Records that nothing can lead to are left out.
 */
export function addImportedGraph(keys: MemoryKeys, graph: CacheGraph): ReadonlyMap<string, ImportedChain> {
  const { records } = graph;
  const chains = new Map<string, ImportedChain>();
  const images = new Set<Digest>(
    records
      .filter(({ inputs }) => inputs.length === 0)
      .flatMap(({ results }) => results.flatMap(({ layers }) => chainIdsOf(layers).at(-1) ?? [])),
  );
  const names: (string | undefined)[] = [];
  for (const place of inputsFirst(records)) {
    const record = records[place];
    const name = record && nameOf(record, names);
    if (record === undefined || name === undefined) continue;
    names[place] = name;
    link(keys, record, name, names);
    for (const result of record.results) {
      const chain = chainOf(result, images);
      const id = chain.at(-1)?.id;
      if (id === undefined) continue;
      chains.set(id, chain);
      keys.addResult(name, { id, createdAt: result.createdAt });
    }
  }
  return chains;
}

/** As the solver names the same work, where that can be told. */
function nameOf(
  { digest, inputs }: CacheGraphRecord,
  names: readonly (string | undefined)[],
): string | undefined {
  if (inputs.length === 0) return digest;
  const parts = [];
  for (const alternatives of inputs) {
    const named = alternatives
      .flatMap(({ record, selector }) => {
        const key = names[record];
        return key === undefined ? [] : [{ key, selector }];
      })
      // Content, which has no selector, comes first, as in the names of the solver.
      .sort((a, b) => compare(a.selector ?? '', b.selector ?? '') || compare(a.key, b.key));
    const [first] = named;
    if (first === undefined) return undefined;
    parts.push(first);
  }
  return derivedKey(digest, parts);
}

function link(
  keys: MemoryKeys,
  { digest, inputs }: CacheGraphRecord,
  name: string,
  names: readonly (string | undefined)[],
): void {
  for (const [input, alternatives] of inputs.entries()) {
    for (const { record, selector } of alternatives) {
      const source = names[record];
      if (source === undefined) continue;
      keys.addLink(source, selector === undefined ? { input, digest } : { input, digest, selector }, name);
    }
  }
}

function chainOf({ layers }: CacheGraphResult, images: ReadonlySet<Digest>): ImportedChain {
  const ids = chainIdsOf(layers);
  const base = ids.findLastIndex((id) => images.has(id));
  return layers.flatMap((layer, index) => {
    const id = ids[index];
    return id === undefined ? [] : [{ id: index <= base ? id : recordIdOfChain(id), layer }];
  });
}

function chainIdsOf(layers: readonly Layer[]): readonly Digest[] {
  return chainIds(layers.map(({ diffId }) => diffId));
}

/** Places of the records, inputs before what needs them; with its own stack, as chains may be long. */
function inputsFirst(records: readonly CacheGraphRecord[]): readonly number[] {
  const ordered: number[] = [];
  const seen = new Uint8Array(records.length);
  for (const start of records.keys()) {
    const stack = [{ place: start, left: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { place, left } = top;
      if (left) ordered.push(place);
      if (left || seen[place] !== 0) continue;
      seen[place] = 1;
      stack.push({ place, left: true });
      for (const { record } of records[place]?.inputs.flat() ?? [])
        stack.push({ place: record, left: false });
    }
  }
  return ordered;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
