// SPDX-License-Identifier: MIT
import type { ContentStore, Exporter, ExportInput, ExportOptions } from '@img-build/interfaces';
import { formatReference, parseReference, writeUstar } from '@img-build/oci';
import { layOut } from './archive/layout.ts';
import { writeLayoutFolder } from './archive/layout-folder.ts';
import { type ArchiveSink, writeToSink } from './archive/sink.ts';
import { ExporterError } from './exporter-error.ts';
import { type ImageFormat, writeImage } from './image/write-image.ts';
import { resultOf } from './image-exporter.ts';

/** How an OCI archive or layout is written. */
export interface OciExporterOptions extends ImageFormat {
  readonly content: ContentStore;
  /** An archive, or a folder that becomes a layout. */
  readonly to: ArchiveSink | { readonly folder: string };
}

/** How a docker archive is written. */
export interface DockerExporterOptions extends ImageFormat {
  readonly content: ContentStore;
  readonly to: ArchiveSink;
}

/** Creates the exporter of OCI archives and layouts: OCI media types always. */
export function createOciExporter(options: OciExporterOptions): Exporter {
  const { content, to } = options;
  return {
    title: 'exporting to oci image format',
    async export(input, exportOptions) {
      const names = normalNames(input);
      const image = await writeImage(content, input, { ...options, mediaTypes: 'oci' }, exportOptions);
      const layout = await layOut(content, [{ ...image, names }], exportOptions);
      await exportOptions.progress('folder' in to ? 'writing layout' : 'sending tarball', () =>
        'folder' in to
          ? writeLayoutFolder(to.folder, layout, exportOptions)
          : writeToSink(to, writeUstar(layout.entries), exportOptions),
      );
      return resultOf(image, names);
    },
  };
}

/**
 * Creates the exporter of archives for `docker load`: docker media types unless asked otherwise, one platform.
 * The archive is an OCI layout too, so that podman, skopeo and containerd read it as well.
 */
export function createDockerExporter(options: DockerExporterOptions): Exporter {
  const { content, to, mediaTypes = 'docker' } = options;
  return {
    title: 'exporting to docker image format',
    async export(input, exportOptions: ExportOptions) {
      if (input.platforms.length > 1) {
        throw new ExporterError(
          'the docker exporter does not currently support exporting manifest lists: several platforms were built',
          {
            code: 'EXPORT_PLATFORMS_UNSUPPORTED',
            hint: 'use type=oci for several platforms, or build one with --platform',
          },
        );
      }
      const names = normalNames(input);
      const image = await writeImage(
        content,
        input,
        { ...options, mediaTypes, forceIndex: false },
        exportOptions,
      );
      const layout = await layOut(content, [{ ...image, names }], { ...exportOptions, docker: true });
      await exportOptions.progress('sending tarball', () =>
        writeToSink(to, writeUstar(layout.entries), exportOptions),
      );
      return resultOf(image, names);
    },
  };
}

function normalNames(input: ExportInput): readonly string[] {
  return input.names.map((name) => formatReference(parseReference(name)));
}
