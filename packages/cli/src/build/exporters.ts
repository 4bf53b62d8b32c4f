// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import type { ArchiveSink, ImageFormat } from '@img-build/exporters';
import type { Compression, Exporter } from '@img-build/interfaces';
import type { CommandIo } from '../command.ts';
import { prepareFile, prepareFolder } from '../destination.ts';
import { writeTo } from '../output-stream.ts';
import { UsageError } from '../usage-error.ts';
import type { Services } from '../wiring/services.ts';
import type { OutputSpec } from './output-spec.ts';

const COMPRESSIONS: readonly Compression[] = ['gzip', 'zstd', 'uncompressed'];

/** The exporter of one `--output`. */
export async function createExporter(spec: OutputSpec, services: Services, io: CommandIo): Promise<Exporter> {
  const exporters = await import('@img-build/exporters');
  const format = formatFrom(spec);
  const content = await services.content();
  switch (spec.type) {
    case 'image':
    case 'registry': {
      const push = spec.type === 'registry' || spec.attributes['push'] === 'true';
      const { images } = await services.metadata();
      return exporters.createImageExporter({
        ...format,
        content,
        images,
        push,
        registry: () => services.registry(),
      });
    }
    case 'oci':
      return exporters.createOciExporter({
        ...format,
        content,
        to: spec.attributes['tar'] === 'false' ? layoutFolder(spec) : sinkOf(spec, io),
      });
    case 'docker':
      return exporters.createDockerExporter({ ...format, content, to: sinkOf(spec, io) });
    case 'tar':
      return exporters.createTarExporter({ trees: await services.worker(), to: sinkOf(spec, io) });
    case 'local':
      return exporters.createLocalExporter({
        trees: await services.worker(),
        folder: preparedFolder(spec.dest ?? ''),
        mode: spec.attributes['mode'] === 'delete' ? 'delete' : 'copy',
        platformSplit: flag(spec, 'platform-split'),
      });
  }
}

function formatFrom(spec: OutputSpec): ImageFormat {
  const { compression, 'compression-level': level } = spec.attributes;
  const known = COMPRESSIONS.find((each) => each === compression);
  if (compression !== undefined && known === undefined) {
    throw new UsageError(
      `unsupported compression ${JSON.stringify(compression)}`,
      `choose one of ${COMPRESSIONS.join(', ')}`,
    );
  }
  const oci = flag(spec, 'oci-mediatypes');
  return {
    compression: known,
    compressionLevel: level === undefined ? undefined : Number(level),
    mediaTypes: oci === undefined ? undefined : oci ? 'oci' : 'docker',
  };
}

function flag({ attributes, type }: OutputSpec, name: string): boolean | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new UsageError(`output type=${type}: ${name} must be true or false, not ${JSON.stringify(value)}`);
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

/** The folder is made now: a place that cannot be written to fails before the build and not after it. */
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
