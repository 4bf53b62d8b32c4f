// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import { type BuilderPorts, build, cacheMountIds, type TreeChecksum } from '@img-build/builder';
import { type FrontendWarning, type LowerResult, lowerDockerfile } from '@img-build/dockerfile-frontend';
import type { AbortOptions, Exporter, ExportResult, Lease, SecretSource } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { type ContentHasher, createContentHasher, type ImageSource } from '@img-build/sources';
import type { CommandIo } from '../command.ts';
import { type BuildMounts, createBuildMounts } from '../mounts/build-mounts.ts';
import { shortWarning } from '../render/warnings.ts';
import { sweepLeftovers } from '../store-check/sweep-leftovers.ts';
import type { Services } from '../wiring/services.ts';
import { createLayerPresence, createStoredLayerFetcher } from '../wiring/stored-layers.ts';
import type { BuildInput } from './build-input.ts';
import type { BuildReport } from './build-report.ts';
import type { BuildCommandRequest } from './build-request.ts';
import { cacheHosts, openCaches } from './cache/open-caches.ts';
import { definitionStep } from './definition-step.ts';
import { type ExplainedBuild, explainBuild } from './explained-build.ts';
import { createExporter } from './exporters.ts';
import { lowerRequestFrom, openImages } from './lower-request.ts';
import type { BuildProgress } from './progress.ts';
import { createRecompression, type Recompression } from './recompression.ts';
import { newBuildReference } from './result-files.ts';

/** One build. */
export interface RunBuildOptions {
  readonly request: BuildCommandRequest;
  readonly input: BuildInput;
  readonly secrets: SecretSource;
  readonly services: Services;
  readonly io: CommandIo;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
  /** Told what became of the steps, however the build ended. */
  readonly onReport?: ((report: BuildReport) => void) | undefined;
}

/** What it made. */
export interface BuildOutcome {
  /** A name of this build that no other has. */
  readonly reference: string;
  /** One per output, in their order. */
  readonly results: readonly ExportResult[];
  readonly dockerfile: BuildInput['dockerfile'];
  readonly warnings: readonly FrontendWarning[];
}

/** Lowers the Dockerfile, builds the graph and exports the result. */
export async function runBuild(options: RunBuildOptions): Promise<BuildOutcome> {
  const { request, services, progress, signal } = options;
  // What a killed process was writing is of no use to anybody.
  await sweepLeftovers(services);
  // First of all: what this build stores from here on is nobody's garbage.
  const lease = (await services.metadata()).leases.create();
  const mounts = createBuildMounts({
    ...options,
    imports: request.mountImports,
    exports: request.mountExports,
  });
  try {
    const images = await openImages(request, services);
    const lowered = await lowerDockerfile(lowerRequestFrom({ ...options, images }));
    progress.locate((vertex) => lowered.locationOf(vertex as Digest));
    showWarnings(options, lowered.warnings);
    const hasher = await hasherFor(services);
    const ports = await builderPorts(options, images, { lease, hasher, mounts });
    const recompression = createRecompression(services);
    const exporters = await exportersOf(options, lowered, recompression);
    const cache = request.cache && (await openCaches(services, request.cache, recompression));
    const reference = newBuildReference();
    const metadata = await services.metadata();
    const explained = explainBuild({ ...options, lowered, metadata, hasher, reference });
    const results = await reported(options, explained, () =>
      build(
        ports,
        {
          targets: lowered.platforms,
          exporters,
          names: request.names,
          epoch: lowered.sourceDateEpoch,
          entitlements: request.lowerOptions.entitlements,
          cache,
        },
        { report: progress.report, signal, explanation: explained.explanation },
      ),
    );
    await mounts.save(lowered.platforms.flatMap(({ definition }) => cacheMountIds(definition)));
    const { dockerfile } = options.input;
    return { reference, results, dockerfile, warnings: lowered.warnings };
  } finally {
    lease.release();
    await mounts.close();
  }
}

/** Runs the build and keeps what became of it. */
async function reported<T>(
  { onReport, signal }: RunBuildOptions,
  explained: ExplainedBuild,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    onReport?.(explained.finish('succeeded'));
    return result;
  } catch (error) {
    onReport?.(explained.finish(signal.aborted ? 'canceled' : 'failed'));
    throw error;
  }
}

async function hasherFor(services: Services): Promise<ContentHasher> {
  const [{ statCache }, xattrs] = await Promise.all([services.metadata(), services.host()]);
  return createContentHasher({ statCache, xattrs });
}

/** A warning belongs to the step that read the Dockerfile. */
function showWarnings({ input, progress }: RunBuildOptions, warnings: readonly FrontendWarning[]): void {
  progress.warn(
    definitionStep(input.dockerfile.name),
    warnings.map((warning) => ({
      short: shortWarning(warning),
      detail: warning.description === undefined ? undefined : [warning.description],
      url: warning.url,
      range: warning.range,
    })),
  );
}

async function exportersOf(
  { request, services, io, signal }: RunBuildOptions,
  { multiPlatform, platforms }: LowerResult,
  recompression: Recompression,
): Promise<readonly Exporter[]> {
  const { names, annotations } = request;
  const setting = { services, io, signal, names, annotations, recompression };
  return await Promise.all(
    request.outputs.map((output) =>
      createExporter(output, {
        ...setting,
        forceIndex: multiPlatform,
        platforms: platforms.map(({ platform }) => platform),
      }),
    ),
  );
}

async function builderPorts(
  { input, secrets, services, request }: RunBuildOptions,
  images: ImageSource,
  {
    lease,
    hasher,
    mounts,
  }: { readonly lease: Lease; readonly hasher: ContentHasher; readonly mounts: BuildMounts },
): Promise<BuilderPorts> {
  const metadata = await services.metadata();
  const hosts = cacheHosts(request.cache);
  const [content, worker, locks, backend, fetchLayer, inputSources] = await Promise.all([
    services.content(),
    services.worker(),
    services.locks(),
    // Where no worker can start, a build that needs none still works; one that does meets the error again.
    services.backend().catch(() => undefined),
    createStoredLayerFetcher(services, hosts),
    input.sources({ hasher }),
  ]);
  const checksum: TreeChecksum = async (tree, selectors, abort: AbortOptions) =>
    tree.type === 'host'
      ? await hasher.checksum(tree, selectors, abort)
      : await worker.checksum(tree, selectors, abort);
  const book = backend === undefined ? undefined : metadata.snapshots(backend);
  return {
    content,
    records: metadata.records,
    cacheKeys: metadata.cacheKeys,
    worker: { ...worker, exec: mounts.restoring(worker.exec) },
    checksum,
    sources: [images, ...inputSources],
    secrets,
    locks,
    lease,
    fetchLayer,
    hasLayer: createLayerPresence(services, hosts),
    isUnpacked: (id) => book?.get(id)?.kind === 'committed',
    platform: services.platform,
    clock: Date.now,
    parallelism: Math.max(8, availableParallelism() * 4),
  };
}
