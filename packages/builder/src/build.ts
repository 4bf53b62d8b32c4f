// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheKeyStore,
  CacheRecordStore,
  Clock,
  ContentReader,
  DiffOptions,
  Exporter,
  ExportResult,
  Lease,
  Locks,
  OperationWork,
  PlatformResult,
  Report,
  Result,
  SecretSource,
  SnapshotWork,
  Source,
  Tree,
} from '@img-build/interfaces';
import type { Definition } from '@img-build/llb';
import type { ImageConfig, Platform } from '@img-build/oci';
import { createSolver } from '@img-build/solver';
import type { BuildContext, TreeChecksum } from './build-context.ts';
import { asBuildResult, recordIdOf } from './build-result.ts';
import { BuilderError } from './builder-error.ts';
import type { BuildCache, openBuildCache as OpenBuildCache } from './cache/build-cache.ts';
import type { CacheTransfer } from './cache/cache-transfer.ts';
import { graphOf } from './definition-graph.ts';
import type { Explanation } from './explain/explanation.ts';
import { solveExplained } from './explain/solve-explained.ts';
import { createOpResolver } from './ops/resolve-op.ts';
import {
  createRecordChains,
  type LayerFetcher,
  type LayerPresence,
  type RecordChains,
} from './record-chain.ts';
import { createRecordResultStore } from './result-store.ts';
import { runExporter } from './run-exporter.ts';

/** Everything a builder works with. */
export interface BuilderPorts {
  readonly content: ContentReader;
  readonly records: CacheRecordStore;
  readonly cacheKeys: CacheKeyStore;
  readonly worker: SnapshotWork & OperationWork;
  readonly checksum: TreeChecksum;
  readonly sources: readonly Source[];
  readonly secrets: SecretSource;
  readonly locks: Locks;
  readonly lease: Lease;
  readonly fetchLayer: LayerFetcher;
  /** Whether what an imported cache names is still there; believed when absent. */
  readonly hasLayer?: LayerPresence | undefined;
  readonly isUnpacked: (id: string) => boolean;
  /** Of the machine: for ops that name no platform. */
  readonly platform: Platform;
  readonly clock: Clock;
  /** How many commands and file operations run at once. */
  readonly parallelism: number;
}

/** One platform of a build, as the frontend lowered it. */
export interface BuildTarget {
  readonly platform: Platform;
  readonly definition: Definition;
  readonly config: ImageConfig;
}

/** What to build and where it goes. */
export interface BuildRequest {
  readonly targets: readonly BuildTarget[];
  readonly exporters: readonly Exporter[];
  /** Normalised image names. */
  readonly names: readonly string[];
  /** Seconds since the Unix epoch. */
  readonly epoch?: number | undefined;
  /** What steps may use besides what all may: `device` for all devices, `device=NAME` for one. */
  readonly entitlements?: readonly string[] | undefined;
  /** Caches to read and to write besides that of this machine. */
  readonly cache?: CacheTransfer | undefined;
}

/** How to run a build. */
export interface BuildOptions extends AbortOptions {
  readonly report: Report;
  /** Says why steps are executed. */
  readonly explanation?: Explanation | undefined;
}

/**
 * Builds all targets and exports the result. Targets share what they have in common.
 *
 * @returns one result per exporter, in their order.
 * @throws what the failing op threw, wrapped by the solver with the vertex it belongs to; `signal.reason` on abort.
 */
export async function build(
  ports: BuilderPorts,
  request: BuildRequest,
  { report, signal, explanation }: BuildOptions,
): Promise<readonly ExportResult[]> {
  const chains = createRecordChains(ports);
  const context: BuildContext = {
    ...ports,
    chains,
    report,
    entitlements: request.entitlements ?? [],
    emptiedCaches: new Set(),
  };
  const reporting = { report, clock: ports.clock, signal };
  const stored = {
    keys: ports.cacheKeys,
    results: createRecordResultStore(ports.records, chains, ports.lease),
  };
  const cache = request.cache && (await openCache(request.cache, { ...ports, ...stored, chains }, reporting));
  const { keys, results: resultStore } = cache ?? stored;
  const solver = createSolver({
    resolveOp: createOpResolver(context),
    keys,
    results: resultStore,
    report,
    parallelism: ports.parallelism,
    clock: ports.clock,
    locks: ports.locks,
  });
  const edges = request.targets.map(({ definition }) => graphOf(definition));
  const wanted = edges.filter((edge) => edge !== undefined);
  const solved = await solveExplained(solver, wanted, { signal, explanation, onOutcome: cache?.onOutcome });
  cache?.solved(wanted, solved);
  let next = 0;
  const platforms = request.targets.map(({ platform, config }, index) => {
    const result = edges[index] === undefined ? undefined : solved[next++];
    return { ...platformResult(chains, platform, config, result), ...inlineCache(cache) };
  });
  const results: ExportResult[] = [];
  for (const [index, exporter] of request.exporters.entries()) {
    results.push(
      await runExporter(
        exporter,
        { platforms, names: request.names, epoch: request.epoch },
        { index, ...reporting },
      ),
    );
  }
  await cache?.export();
  return results;
}

/** Loaded here and not at the top: most builds read and write the cache of this machine only. */
async function openCache(...call: Parameters<typeof OpenBuildCache>): Promise<BuildCache> {
  const { openBuildCache } = await import('./cache/build-cache.ts');
  return await openBuildCache(...call);
}

function inlineCache(cache: BuildCache | undefined): Pick<PlatformResult, 'inlineCache'> {
  const inline = cache?.inline;
  return inline === undefined ? {} : { inlineCache: (_layers, options = {}) => inline(options) };
}

function platformResult(
  chains: RecordChains,
  platform: Platform,
  config: ImageConfig,
  result: Result | undefined,
): PlatformResult {
  const built = result && asBuildResult(result);
  if (built?.type === 'tree')
    throw new BuilderError('a folder of the host cannot be the result of a build', {
      code: 'BUILD_DEFINITION_INVALID',
    });
  const id = built && recordIdOf(built);
  return {
    platform,
    config,
    async layers(options: DiffOptions = {}) {
      return id === undefined ? [] : await chains.layers(id, options);
    },
    async tree(options: AbortOptions = {}): Promise<Tree> {
      if (id === undefined) return { type: 'empty' };
      await chains.unpack(id, options);
      return { type: 'snapshot', name: id };
    },
  };
}
