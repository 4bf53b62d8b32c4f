// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheGraph,
  CacheKeyStore,
  Edge,
  Result,
  ResultStore,
} from '@img-build/interfaces';
import type { VertexOutcome } from '@img-build/solver';
import type { StepReporting } from '../report-step.ts';
import {
  type CacheExportSource,
  type CacheTransfer,
  exportableCache,
  exportCaches,
  importCaches,
} from './cache-transfer.ts';
import { type CombinedCacheParts, combineCaches } from './imported-caches.ts';

/** What one build reads of other caches, and gives to them. */
export interface BuildCache {
  readonly keys: CacheKeyStore;
  readonly results: ResultStore;
  /** Told what the solve learnt about each vertex. */
  readonly onOutcome: (outcome: VertexOutcome) => void;
  /** Called once all is solved. */
  solved(edges: readonly Edge[], results: readonly Result[]): void;
  /** The cache that goes into images; `undefined` when none was asked for. */
  readonly inline: ((options: AbortOptions) => Promise<CacheGraph>) | undefined;
  /** Writes the caches that were asked for. */
  export(): Promise<void>;
}

/** Imports what is to be read, and prepares for what is to be written. */
export async function openBuildCache(
  transfer: CacheTransfer,
  parts: CombinedCacheParts,
  reporting: StepReporting,
): Promise<BuildCache> {
  const caches = await importCaches(transfer.from, reporting);
  const imported = caches.length === 0 ? undefined : combineCaches(parts, caches);
  const keys = imported?.keys ?? parts.keys;
  const outcomes: VertexOutcome[] = [];
  let targets: CacheExportSource['targets'] = [];
  const source = (): CacheExportSource => ({ outcomes, targets, keys, chains: parts.chains, imported });
  return {
    keys,
    results: imported?.results ?? parts.results,
    onOutcome: (outcome) => void outcomes.push(outcome),
    solved(edges, results) {
      targets = edges.map(({ vertex, index }, at) => ({
        vertex: vertex.digest,
        index,
        result: results[at]?.id ?? '',
      }));
    },
    inline: transfer.inline
      ? async ({ signal }) => (await exportableCache(source(), { mode: 'min', signal })).graph
      : undefined,
    export: async () => await exportCaches(transfer.to, source(), reporting),
  };
}
