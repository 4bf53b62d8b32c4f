// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import type { Annotation, ArchiveSink, ImageFormat } from '@img-build/exporters';
import type { Compression, Exporter } from '@img-build/interfaces';
import type { Platform } from '@img-build/oci';
import type { CommandIo } from '../command.ts';
import { prepareFile, prepareFolder } from '../destination.ts';
import { writeTo } from '../output-stream.ts';
import { UsageError } from '../usage-error.ts';
import { insecureNames } from '../wiring/insecure-hosts.ts';
import { openMountSources } from '../wiring/mount-sources.ts';
import type { Services } from '../wiring/services.ts';
import { COMPRESSIONS, readLevel } from './flags/compression.ts';
import { annotationsFrom, booleanAttribute } from './output-attributes.ts';
import { type OutputSpec, pushes } from './output-spec.ts';
import type { Recompression } from './recompression.ts';

/** What exporters are made with. */
export interface ExporterSetting {
  readonly services: Services;
  readonly io: CommandIo;
  readonly signal: AbortSignal;
  /** Of every image, before those of the output itself. */
  readonly annotations: readonly Annotation[];
  /** Write an index also for one platform. */
  readonly forceIndex: boolean;
  /** That are built. */
  readonly platforms: readonly Platform[];
  /** Normalised names of the image. */
  readonly names: readonly string[];
  /** For outputs whose layers are all to have one compression. */
  readonly recompression: Recompression;
}

/**
 * The exporter of one output. Places it writes to are made, and engines asked for, now: what cannot work fails before
 * the build and not after it.
 *
 * @throws UsageError, EngineError
 */
export async function createExporter(spec: OutputSpec, setting: ExporterSetting): Promise<Exporter> {
  const { services, io, signal } = setting;
  const exporters = await import('@img-build/exporters');
  const content = await services.content();
  const format = async (): Promise<ImageFormat> => {
    const given = await formatFrom(spec, setting);
    const hasIndex = spec.type !== 'docker' && spec.type !== 'load' && setting.forceIndex;
    exporters.checkAnnotations(given.annotations ?? [], { hasIndex, platforms: setting.platforms });
    return given;
  };
  switch (spec.type) {
    case 'image':
    case 'registry':
      return await createImageOutput(spec, setting, await format());
    case 'oci':
      return exporters.createOciExporter({
        ...(await format()),
        content,
        to: booleanAttribute(spec, 'tar') === false ? layoutFolder(spec) : sinkOf(spec, io),
      });
    case 'docker':
      return exporters.createDockerExporter({ ...(await format()), content, to: sinkOf(spec, io) });
    case 'load': {
      const { createEngineExporter, findEngine } = await import('./engine-exporter.ts');
      const engine = await findEngine(services.env, { signal });
      const archive = { ...(await format()), content };
      return createEngineExporter(engine, (to) => exporters.createDockerExporter({ ...archive, to }));
    }
    case 'tar':
      return exporters.createTarExporter({ trees: await services.worker(), to: sinkOf(spec, io) });
    case 'local':
      return exporters.createLocalExporter({
        trees: await services.worker(),
        folder: preparedFolder(spec.dest ?? ''),
        mode: modeOf(spec),
        platformSplit: booleanAttribute(spec, 'platform-split'),
      });
  }
}

async function createImageOutput(
  spec: OutputSpec,
  { services, names }: ExporterSetting,
  format: ImageFormat,
): Promise<Exporter> {
  const [{ createImageExporter }, content, { images }, mountFrom] = await Promise.all([
    import('@img-build/exporters'),
    services.content(),
    services.metadata(),
    pushes(spec) ? openMountSources(services) : undefined,
  ]);
  const byDigest = booleanAttribute(spec, 'push-by-digest') ?? false;
  const hosts = insecureNames(booleanAttribute(spec, 'registry.insecure') ?? false, names);
  return createImageExporter({
    ...format,
    content,
    images,
    push: pushes(spec),
    byDigest,
    store: booleanAttribute(spec, 'store') ?? !byDigest,
    registry: () => services.registry(hosts),
    mountFrom,
  });
}

async function formatFrom(
  spec: OutputSpec,
  { annotations, forceIndex, recompression }: ExporterSetting,
): Promise<ImageFormat> {
  const { compression, 'compression-level': level } = spec.attributes;
  const known = COMPRESSIONS.find((each) => each === compression);
  if (compression !== undefined && known === undefined) {
    throw new UsageError(
      `unsupported compression ${JSON.stringify(compression)}`,
      `choose one of ${COMPRESSIONS.join(', ')}`,
    );
  }
  const oci = booleanAttribute(spec, 'oci-mediatypes');
  const compressionLevel = level === undefined ? undefined : levelOf(level, known);
  const isForced = booleanAttribute(spec, 'force-compression') ?? false;
  const recompress = isForced ? await recompression() : undefined;
  return {
    compression: known,
    compressionLevel,
    rewriteLayer: recompress?.({ compression: known ?? 'gzip', level: compressionLevel }),
    mediaTypes: oci === undefined ? undefined : oci ? 'oci' : 'docker',
    rewriteTimestamp: booleanAttribute(spec, 'rewrite-timestamp'),
    forceIndex,
    annotations: [...annotations, ...annotationsFrom(spec)],
  };
}

function levelOf(text: string, compression: Compression | undefined): number {
  const level = readLevel(text, compression);
  if (typeof level === 'number') return level;
  throw new UsageError(level);
}

function modeOf({ attributes: { mode = 'copy' } }: OutputSpec): 'copy' | 'delete' {
  if (mode === 'copy' || mode === 'delete') return mode;
  throw new UsageError(`output type=local has no mode ${JSON.stringify(mode)}`, 'choose copy or delete');
}

function layoutFolder({ dest }: OutputSpec): { readonly folder: string } {
  if (dest === undefined || dest === '-')
    throw new UsageError('an OCI layout needs a folder', 'add dest=DIRECTORY');
  return { folder: preparedFolder(dest) };
}

function sinkOf({ dest }: OutputSpec, io: CommandIo): ArchiveSink {
  return dest === undefined || dest === '-'
    ? { write: (chunk) => writeTo(io.stdout, chunk) }
    : { path: preparedFile(dest) };
}

function preparedFolder(dest: string): string {
  const folder = resolve(dest);
  prepareFolder(folder);
  return folder;
}

function preparedFile(dest: string): string {
  const path = resolve(dest);
  prepareFile(path);
  return path;
}
