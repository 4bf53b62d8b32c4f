// SPDX-License-Identifier: MIT
import type {
  CacheGraph,
  CacheGraphRecord,
  CacheGraphResult,
  CacheKeyStore,
  CacheLink,
  Layer,
} from '@img-build/interfaces';
import { type Digest, isDigest } from '@img-build/oci';

/** What a cache graph is made from. */
export interface CacheGraphSource {
  readonly keys: Pick<CacheKeyStore, 'results' | 'backlinks'>;
  /** Keys whose records, and all that lead to them, are in the graph. */
  readonly roots: Iterable<string>;
  /** Keys whose results are in the graph: those of the steps of this build. */
  readonly own: ReadonlySet<string>;
  /** Layers of a stored result; `undefined` when it has none or is not wanted. */
  readonly layersOf: (id: string) => Promise<readonly Layer[] | undefined>;
}

interface Backlink {
  readonly source: string;
  readonly link: CacheLink;
}

interface PendingRecord {
  readonly key: string;
  readonly digest: Digest;
  readonly backlinks: readonly Backlink[];
}

/**
 * The records that lead to some keys, in the form caches are exchanged in. A key that several record digests lead to is
 * several records.
 */
export async function cacheGraphOf({ keys, roots, own, layersOf }: CacheGraphSource): Promise<CacheGraph> {
  const pending: PendingRecord[] = [];
  const places = new Map<string, readonly number[]>();
  for (const key of leadingTo(roots, keys)) {
    const found = recordsOf(key, keys.backlinks(key));
    places.set(
      key,
      found.map((_, index) => pending.length + index),
    );
    pending.push(...found);
  }
  const results = new Map<string, readonly CacheGraphResult[]>();
  const records: CacheGraphRecord[] = [];
  for (const { key, digest, backlinks } of pending) {
    if (own.has(key) && !results.has(key)) results.set(key, await resultsOf(key, keys, layersOf));
    records.push({ digest, inputs: inputsOf(backlinks, places), results: results.get(key) ?? [] });
  }
  return { records };
}

function leadingTo(roots: Iterable<string>, keys: Pick<CacheKeyStore, 'backlinks'>): ReadonlySet<string> {
  // A set gives what is added during the walk as well.
  const found = new Set(roots);
  for (const key of found) for (const { source } of keys.backlinks(key)) found.add(source);
  return found;
}

function recordsOf(key: string, backlinks: readonly Backlink[]): readonly PendingRecord[] {
  if (backlinks.length === 0) return isDigest(key) ? [{ key, digest: key, backlinks }] : [];
  const byDigest = Map.groupBy(backlinks, ({ link }) => link.digest);
  return [...byDigest].map(([digest, group]) => ({ key, digest, backlinks: group }));
}

function inputsOf(
  backlinks: readonly Backlink[],
  places: ReadonlyMap<string, readonly number[]>,
): CacheGraphRecord['inputs'] {
  const inputs: { record: number; selector?: Digest }[][] = [];
  for (const { source, link } of backlinks) {
    const { input, selector } = link;
    while (inputs.length <= input) inputs.push([]);
    for (const record of places.get(source) ?? [])
      inputs[input]?.push(selector === undefined ? { record } : { record, selector });
  }
  return inputs;
}

/** The newest result that has layers; what is on this machine before what is not. */
async function resultsOf(
  key: string,
  keys: Pick<CacheKeyStore, 'results'>,
  layersOf: CacheGraphSource['layersOf'],
): Promise<readonly CacheGraphResult[]> {
  for (const { id, createdAt } of keys.results(key)) {
    const layers = await layersOf(id);
    if (layers !== undefined && layers.length > 0) return [{ layers, createdAt }];
  }
  return [];
}
