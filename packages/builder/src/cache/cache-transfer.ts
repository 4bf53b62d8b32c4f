// SPDX-License-Identifier: MIT
import { isToolError, messageOf } from '@img-build/errors';
import type {
  AbortOptions,
  CacheExporter,
  CacheGraph,
  CacheImporter,
  CacheKeyStore,
  DiffOptions,
  Layer,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { VertexOutcome } from '@img-build/solver';
import { SCRATCH_ID } from '../build-result.ts';
import type { KnownLayer, RecordChains } from '../record-chain.ts';
import { reportStep, type StepReporting } from '../report-step.ts';
import { cacheGraphOf } from './cache-graph.ts';
import type { CombinedCache, TitledCache } from './imported-caches.ts';

/** How much of a cache is exported: the results that make up the image, or those of all steps. */
export type CacheMode = 'min' | 'max';

/** Where a cache goes after a build. */
export interface CacheDestination extends Pick<DiffOptions, 'compression' | 'compressionLevel'> {
  readonly exporter: CacheExporter;
  readonly mode: CacheMode;
  /** A failure is a warning. */
  readonly ignoreError: boolean;
}

/** Caches that a build reads and writes. */
export interface CacheTransfer {
  readonly from: readonly CacheImporter[];
  readonly to: readonly CacheDestination[];
  /** Puts the cache into the config of each image, with as much as its layers can tell. */
  readonly inline: boolean;
}

/** Reads all caches at once; one that cannot be read is a warning. */
export async function importCaches(
  importers: readonly CacheImporter[],
  reporting: StepReporting,
): Promise<readonly TitledCache[]> {
  const { signal } = reporting;
  const all = await Promise.all(
    importers.map(async (importer, index) => {
      const { title } = importer;
      const step = { id: `cache importer ${index} ${title}`, name: title };
      const caches = await reportStep(step, reporting, async ({ warn }) => {
        try {
          return await importer.load({ signal });
        } catch (error) {
          signal?.throwIfAborted();
          warn(`the cache cannot be imported: ${messageOf(error)}`);
          return [];
        }
      });
      return caches.map((cache) => ({ title, cache }));
    }),
  );
  return all.flat();
}

/** What an export of caches reads. */
export interface CacheExportSource {
  readonly outcomes: readonly VertexOutcome[];
  /** The edges that were asked for, with their results. */
  readonly targets: readonly { readonly vertex: Digest; readonly index: number; readonly result: string }[];
  readonly keys: CacheKeyStore;
  readonly chains: RecordChains;
  readonly imported: CombinedCache | undefined;
}

/** A graph, and how to get the blobs it names. */
export interface ExportableCache {
  readonly graph: CacheGraph;
  provide(layer: Layer, options?: AbortOptions): Promise<void>;
}

/** Collects what a build knows for one destination; layers that have no blob are made. */
export async function exportableCache(
  { outcomes, targets, keys, chains, imported }: CacheExportSource,
  { mode, ...diff }: Pick<CacheDestination, 'mode'> & DiffOptions,
): Promise<ExportableCache> {
  const known = new Map<string, Promise<readonly KnownLayer[] | undefined>>();
  const blobs = new Map<Digest, KnownLayer>();
  const describe = (id: string): Promise<readonly KnownLayer[] | undefined> => {
    let layers = known.get(id);
    if (layers === undefined) {
      layers = describeResult(id, { chains, imported, diff });
      known.set(id, layers);
    }
    return layers;
  };
  const keysOf = ({ keys: found }: VertexOutcome): readonly string[] => [...found.values()].flat();
  const own = new Set(outcomes.flatMap(keysOf));
  const isWanted = mode === 'max' ? async () => true : await amongLayersOf(targets, { describe, chains });
  const roots = mode === 'max' ? own : targetKeys(outcomes, targets);
  const graph = await cacheGraphOf({
    keys,
    roots,
    own,
    async layersOf(id) {
      if (id === SCRATCH_ID || !(await isWanted(id))) return undefined;
      const layers = await describe(id);
      for (const each of layers ?? []) blobs.set(each.layer.descriptor.digest, each);
      return layers?.map(({ layer }) => layer);
    },
  });
  return {
    graph,
    provide: async ({ descriptor }, options) => await blobs.get(descriptor.digest)?.fetch(options),
  };
}

async function describeResult(
  id: string,
  { chains, imported, diff }: Pick<CacheExportSource, 'chains' | 'imported'> & { readonly diff: DiffOptions },
): Promise<readonly KnownLayer[] | undefined> {
  try {
    if (await chains.isWhole(id, diff)) return await chains.knownLayers(id, diff);
  } catch (error) {
    // What was removed meanwhile is of no use to others either.
    if (!isToolError(error, 'BUILD_RECORD_LOST')) throw error;
  }
  return await imported?.importedLayers(id, diff);
}

function targetKeys(
  outcomes: readonly VertexOutcome[],
  targets: CacheExportSource['targets'],
): readonly string[] {
  return outcomes.flatMap(({ vertex, keys }) =>
    targets
      .filter((target) => target.vertex === vertex.digest)
      .flatMap((target) => keys.get(target.index) ?? []),
  );
}

/** Accepts what costs a reader of the image no layer that the image does not have; makes no layer to find out. */
async function amongLayersOf(
  targets: CacheExportSource['targets'],
  {
    describe,
    chains,
  }: {
    readonly describe: (id: string) => Promise<readonly KnownLayer[] | undefined>;
    readonly chains: RecordChains;
  },
): Promise<(id: string) => Promise<boolean>> {
  const records = new Set<string>();
  const diffIds = new Set<Digest>();
  for (const { result } of targets) {
    if (result === SCRATCH_ID) continue;
    for (const { id } of chains.chain(result)) records.add(id);
    for (const { layer } of (await describe(result)) ?? []) diffIds.add(layer.diffId);
  }
  return async (id) => {
    try {
      return chains
        .chain(id)
        .every((record) => records.has(record.id) || (record.layer && diffIds.has(record.layer.diffId)));
    } catch (error) {
      if (isToolError(error, 'BUILD_RECORD_LOST')) return false;
      throw error;
    }
  };
}

/** Writes the caches one after the other. @throws what a destination throws whose errors count */
export async function exportCaches(
  destinations: readonly CacheDestination[],
  source: CacheExportSource,
  reporting: StepReporting,
): Promise<void> {
  const { signal } = reporting;
  for (const [index, destination] of destinations.entries()) {
    const { exporter, mode, ignoreError, compression, compressionLevel } = destination;
    const step = { id: `cache exporter ${index} ${exporter.title}`, name: exporter.title };
    await reportStep(step, reporting, async ({ progress, warn }) => {
      try {
        const { graph, provide } = await progress('preparing layers for the cache', () =>
          exportableCache(source, { mode, compression, compressionLevel, signal }),
        );
        await exporter.export(graph, { progress, provide, signal });
      } catch (error) {
        signal?.throwIfAborted();
        if (!ignoreError) throw error;
        warn(`the cache was not exported: ${messageOf(error)}`);
      }
    });
  }
}
