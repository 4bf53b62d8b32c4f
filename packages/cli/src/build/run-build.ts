// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import { type BuilderPorts, build, type TreeChecksum } from '@img-build/builder';
import { type FrontendWarning, type LowerResult, lowerDockerfile } from '@img-build/dockerfile-frontend';
import type { AbortOptions, Lease } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { createContentHasher, createImageSource, type ImageSource } from '@img-build/sources';
import type { CommandIo } from '../command.ts';
import { createStoredLayerFetcher } from '../wiring/image-unpacking.ts';
import type { Services } from '../wiring/services.ts';
import type { BuildInput } from './build-input.ts';
import type { BuildCommandRequest } from './build-request.ts';
import { createExporter } from './exporters.ts';
import type { BuildProgress } from './progress.ts';

/** One build. */
export interface RunBuildOptions {
  readonly request: BuildCommandRequest;
  readonly input: BuildInput;
  readonly services: Services;
  readonly io: CommandIo;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
}

/** What it made. */
export interface BuildOutcome {
  /** Of the manifest or index, when an image was made. */
  readonly digest: Digest | undefined;
  readonly warnings: readonly FrontendWarning[];
}

/** Lowers the Dockerfile, builds the graph and exports the result. */
export async function runBuild(options: RunBuildOptions): Promise<BuildOutcome> {
  const { request, services, io, progress, signal } = options;
  // What a killed process was writing is of no use to anybody.
  await (await services.content()).sweep();
  // First of all: what this build stores from here on is nobody's garbage.
  const lease = (await services.metadata()).leases.create();
  try {
    const images = await openImages(services);
    const lowered = await lower(options, images);
    progress.locate((vertex) => lowered.locationOf(vertex as Digest));
    const ports = await builderPorts(options, images, lease);
    const exporters = await Promise.all(
      request.outputs.map((output) => createExporter(output, services, io)),
    );
    const results = await build(
      ports,
      { targets: lowered.platforms, exporters, names: request.names, epoch: lowered.sourceDateEpoch },
      { report: progress.report, signal },
    );
    return {
      digest: results.find(({ descriptor }) => descriptor !== undefined)?.descriptor?.digest,
      warnings: lowered.warnings,
    };
  } finally {
    lease.release();
  }
}

async function openImages(services: Services): Promise<ImageSource> {
  const [content, { images }] = await Promise.all([services.content(), services.metadata()]);
  return createImageSource({
    registry: () => services.registry(),
    content,
    images,
    platform: services.platform,
    logger: services.logger,
  });
}

async function lower(
  { request, input, services, progress, signal }: RunBuildOptions,
  images: ImageSource,
): Promise<LowerResult> {
  return await lowerDockerfile({
    text: input.dockerfile.text,
    name: input.dockerfile.name,
    options: {
      target: request.target,
      buildArgs: request.buildArgs,
      labels: request.labels,
      platforms: request.platforms,
      buildPlatform: services.platform,
      noCache: request.noCache,
      ...input.lowerOptions,
    },
    resolver: images,
    ...input.answers,
    observe: (name, work) => progress.step(name, work),
    signal,
  });
}

async function builderPorts(
  { input, services }: RunBuildOptions,
  images: ImageSource,
  lease: Lease,
): Promise<BuilderPorts> {
  const [metadata, content, worker, locks, backend, fetchLayer, inputSources] = await Promise.all([
    services.metadata(),
    services.content(),
    services.worker(),
    services.locks(),
    // Where no worker can start, a build that needs none still works; one that does meets the error again.
    services.backend().catch(() => undefined),
    createStoredLayerFetcher(services),
    input.sources(),
  ]);
  const hasher = createContentHasher({ statCache: metadata.statCache, xattrs: await services.host() });
  const checksum: TreeChecksum = async (tree, selectors, abort: AbortOptions) =>
    tree.type === 'host'
      ? await hasher.checksum(tree, selectors, abort)
      : await worker.checksum(tree, selectors, abort);
  const book = backend === undefined ? undefined : metadata.snapshots(backend);
  return {
    content,
    records: metadata.records,
    cacheKeys: metadata.cacheKeys,
    worker,
    checksum,
    sources: [images, ...inputSources],
    secrets: { secret: async () => undefined, agent: async () => undefined },
    locks,
    lease,
    fetchLayer,
    isUnpacked: (id) => book?.get(id)?.kind === 'committed',
    platform: services.platform,
    clock: Date.now,
    parallelism: Math.max(8, availableParallelism() * 4),
  };
}
