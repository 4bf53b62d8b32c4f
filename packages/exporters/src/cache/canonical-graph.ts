// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphRecord, CacheGraphResult } from '@img-build/interfaces';
import { canonicalDigest, type Digest, isDigest } from '@img-build/oci';
import { brokenCache } from './cache-error.ts';

/** An alternative of a {@link CanonicalRecord}. */
export interface CanonicalInput {
  readonly record: CanonicalRecord;
  readonly selector?: Digest | undefined;
}

/** A record that knows what it is, whatever its place in a list. */
export interface CanonicalRecord {
  /** Same for records of the same digest that are reached in the same ways. */
  readonly id: string;
  readonly digest: Digest;
  readonly inputs: readonly (readonly CanonicalInput[])[];
  readonly results: readonly CacheGraphResult[];
}

/**
 * The records of a graph, inputs before what needs them. Records that mean the same are one. What nobody else could look
 * up is left out (digests of one build only, what can be reached only from those, or not at all), and what leads to no
 * layer.
 *
 * @throws ExporterError `CACHE_INVALID` when the graph has a loop
 */
export function canonicalRecords(graph: CacheGraph): readonly CanonicalRecord[] {
  const { records } = graph;
  const known = new Map<string, { -readonly [K in keyof CanonicalRecord]: CanonicalRecord[K] }>();
  const places = new Map<number, CanonicalRecord | undefined>();
  for (const place of inputsFirst(records)) {
    const record = records[place];
    if (record === undefined) continue;
    const made = canonical(record, places);
    const same = made === undefined ? undefined : known.get(made.id);
    if (made !== undefined && same === undefined) known.set(made.id, made);
    if (made !== undefined && same !== undefined) same.results = [...same.results, ...made.results];
    places.set(place, same ?? made);
  }
  const all = [...known.values()];
  for (const record of all) record.results = distinct(record.results);
  return leadingSomewhere(all);
}

function canonical(
  { digest, inputs, results }: CacheGraphRecord,
  places: ReadonlyMap<number, CanonicalRecord | undefined>,
): CanonicalRecord | undefined {
  if (!isDigest(digest)) return undefined;
  const reachable = inputs.map((alternatives) => {
    const found = new Map<string, CanonicalInput>();
    for (const { record, selector } of alternatives) {
      const source = places.get(record);
      if (source !== undefined) found.set(`${source.id} ${selector ?? ''}`, { record: source, selector });
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, input]) => input);
  });
  if (reachable.some((alternatives) => alternatives.length === 0)) return undefined;
  const links = reachable.map((all) => all.map(({ record, selector }) => [record.id, selector ?? '']));
  return {
    id: canonicalDigest(JSON.stringify([digest, links])),
    digest,
    inputs: reachable,
    results: results.filter(({ layers }) => layers.length > 0),
  };
}

/** Every place of the list, those it links to first. */
export function inputsFirst(
  records: readonly { readonly inputs: CacheGraphRecord['inputs'] }[],
): readonly number[] {
  const order: number[] = [];
  const state = new Uint8Array(records.length);
  const [OPEN, DONE] = [1, 2];
  for (const start of records.keys()) {
    const path: { readonly place: number; readonly links: Iterator<number> }[] = [];
    const enter = (place: number): void => {
      if (place >= records.length || place < 0) throw brokenCache(`a record links to number ${place}`);
      if (state[place] === OPEN) throw brokenCache('its records form a loop');
      if (state[place] === DONE) return;
      state[place] = OPEN;
      path.push({ place, links: linksOf(records[place]?.inputs ?? []) });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { done, value } = top.links.next();
      if (done !== true) {
        enter(value);
        continue;
      }
      state[top.place] = DONE;
      order.push(top.place);
      path.pop();
    }
  }
  return order;
}

function* linksOf(inputs: CacheGraphRecord['inputs']): Generator<number, undefined> {
  for (const { record } of inputs.flat()) yield record;
}

function distinct(results: readonly CacheGraphResult[]): readonly CacheGraphResult[] {
  const found = new Map<string, CacheGraphResult>();
  for (const result of results) {
    const key = result.layers.map(({ descriptor }) => descriptor.digest).join(' ');
    const before = found.get(key);
    if (before === undefined || before.createdAt < result.createdAt) found.set(key, result);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, result]) => result);
}

/** @param records - inputs first. */
export function leadingSomewhere(records: readonly CanonicalRecord[]): readonly CanonicalRecord[] {
  const useful = new Set<CanonicalRecord>();
  for (const record of records.toReversed()) {
    if (record.results.length === 0 && !useful.has(record)) continue;
    useful.add(record);
    for (const input of record.inputs.flat()) useful.add(input.record);
  }
  return records.filter((record) => useful.has(record));
}
