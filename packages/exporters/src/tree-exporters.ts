// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Exporter, TreeWork } from '@img-build/interfaces';
import { formatPlatform, type Platform } from '@img-build/oci';
import { type ArchiveSink, writeToSink } from './archive/sink.ts';
import { ExporterError } from './exporter-error.ts';

/** How a root file system is written to a tar. */
export interface TarExporterOptions {
  readonly trees: Pick<TreeWork, 'exportTar'>;
  readonly to: ArchiveSink;
}

/** How a root file system is written to a folder. */
export interface LocalExporterOptions {
  readonly trees: Pick<TreeWork, 'exportFolder'>;
  /** Absolute path; created when missing. */
  readonly folder: string;
  /** `copy` keeps what is there, `delete` removes what the result has not. */
  readonly mode?: 'copy' | 'delete' | undefined;
  /** One folder per platform inside; the default for several platforms. */
  readonly platformSplit?: boolean | undefined;
}

/** Creates the exporter of a root file system as one tar. */
export function createTarExporter({ trees, to }: TarExporterOptions): Exporter {
  return {
    title: 'exporting to client tarball',
    async export({ platforms, epoch }, { progress, signal }) {
      const [result, second] = platforms;
      if (result === undefined || second !== undefined) {
        throw new ExporterError('the tar exporter writes one platform, but several were built', {
          code: 'EXPORT_PLATFORMS_UNSUPPORTED',
          hint: 'use type=local, which makes one folder per platform',
        });
      }
      const tree = await result.tree({ signal });
      await progress('sending tarball', () =>
        writeToSink(to, trees.exportTar(tree, { signal, epoch }), { signal }),
      );
      return { metadata: {} };
    },
  };
}

/** Creates the exporter of a root file system as a folder; all files belong to the caller. */
export function createLocalExporter({
  trees,
  folder,
  mode = 'copy',
  platformSplit,
}: LocalExporterOptions): Exporter {
  return {
    title: 'exporting to client directory',
    async export({ platforms, epoch }, { progress, signal }) {
      const split = platformSplit ?? platforms.length > 1;
      if (!split && platforms.length > 1) {
        throw new ExporterError('several platforms cannot be written over one another', {
          code: 'EXPORT_PLATFORMS_UNSUPPORTED',
          hint: 'leave out platform-split=false',
        });
      }
      for (const result of platforms) {
        const tree = await result.tree({ signal });
        const target = split ? join(folder, platformFolder(result.platform)) : folder;
        const step = split ? `copying files ${formatPlatform(result.platform)}` : 'copying files';
        await progress(step, () => trees.exportFolder(tree, target, mode, { signal, epoch }));
      }
      return { metadata: {} };
    },
  };
}

/** `linux_arm_v7`. */
function platformFolder(platform: Platform): string {
  return formatPlatform(platform).replaceAll('/', '_');
}
