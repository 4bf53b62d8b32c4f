// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheKeyStore,
  CacheRecordStore,
  ImportedCache,
  Lease,
  ResultStore,
} from '@img-build/interfaces';
import { recordResult } from '../build-result.ts';
import type { KnownLayer, LayerFetcher, LayerPresence, RecordChains } from '../record-chain.ts';
import { addImportedGraph, type ImportedChain } from './imported-graph.ts';
import { createLayeredKeys } from './layered-keys.ts';
import { createMemoryKeys } from './memory-keys.ts';

/** A cache with what progress shows for its import. */
export interface TitledCache {
  readonly title: string;
  readonly cache: ImportedCache;
}

/** The cache of this machine, and behind it those that were imported. */
export interface CombinedCache {
  readonly keys: CacheKeyStore;
  readonly results: ResultStore;
  /** The layers of a result of an imported cache, as far as they can be had; `undefined` when they cannot. */
  importedLayers(id: string, options?: AbortOptions): Promise<readonly KnownLayer[] | undefined>;
}

/** What imported results become part of. */
export interface CombinedCacheParts {
  readonly keys: CacheKeyStore;
  readonly results: ResultStore;
  readonly records: CacheRecordStore;
  readonly chains: RecordChains;
  readonly lease: Lease;
  readonly fetchLayer: LayerFetcher;
  readonly hasLayer?: LayerPresence | undefined;
}

interface ImportedResult {
  readonly title: string;
  readonly remote: string;
  readonly chain: ImportedChain;
}

/**
 * Combines the cache of this machine with imported ones. A result of those is taken only when each of its layers is on
 * this machine or still where it was imported from; from then on the cache of this machine knows it too.
 */
export function combineCaches(parts: CombinedCacheParts, caches: readonly TitledCache[]): CombinedCache {
  const { results, records, chains, lease, fetchLayer, hasLayer } = parts;
  const imported = createMemoryKeys();
  const found = new Map<string, ImportedResult[]>();
  for (const { title, cache } of caches) {
    for (const [id, chain] of addImportedGraph(imported, cache.graph))
      found.set(id, [...(found.get(id) ?? []), { title, remote: cache.remote, chain }]);
  }
  const keys = createLayeredKeys(parts.keys, imported);

  async function canBeHad({ remote, chain }: ImportedResult, options: AbortOptions): Promise<boolean> {
    const answers = await Promise.all(
      chain.map(
        async ({ id, layer }) =>
          (await chains.isHere(id)) || hasLayer === undefined || (await hasLayer(remote, layer, options)),
      ),
    );
    return answers.every(Boolean);
  }

  async function reachable(id: string, options: AbortOptions = {}): Promise<ImportedResult | undefined> {
    for (const result of found.get(id) ?? []) {
      // The lease comes before the look: what is found now cannot be collected under our feet.
      lease.addRecords(result.chain.map((layer) => layer.id));
      if (await canBeHad(result, options)) return result;
    }
    return undefined;
  }

  /** What is on this machine stays as it is; of everything else the place is known now. */
  async function putRecords({ chain, remote }: ImportedResult): Promise<void> {
    for (const [index, { id, layer }] of chain.entries()) {
      const parent = chain[index - 1]?.id;
      const description = `imported from ${remote}`;
      const before = records.get(id);
      records.put({ id, parent, type: 'regular', description, layer, remote });
      if (before !== undefined && !(await chains.isHere(id))) records.update(id, { layer, remote });
    }
  }

  function adopt(id: string): void {
    // What the lower layers are results of is known from now on too: their records are there.
    for (const { chain } of found.get(id) ?? []) for (const layer of chain) keys.adopt(layer.id);
  }

  return {
    keys,
    results: {
      async load(id) {
        const here = await results.load(id);
        if (here !== undefined) {
          adopt(id);
          return here;
        }
        const result = await reachable(id);
        if (result === undefined) return undefined;
        await putRecords(result);
        records.touch(result.chain.map((layer) => layer.id));
        adopt(id);
        return { ...recordResult(id), importedFrom: result.title };
      },
      save: (result) => results.save(result),
    },
    async importedLayers(id, options) {
      const result = await reachable(id, options);
      return result?.chain.map(({ layer }) => ({
        layer,
        async fetch(abort = {}) {
          lease.addBlobs([layer.descriptor.digest]);
          await fetchLayer(result.remote, layer, abort);
        },
      }));
    },
  };
}
