// SPDX-License-Identifier: MIT
import type {
  ContentStore,
  Exporter,
  ExportOptions,
  ExportResult,
  ImageStore,
  Pusher,
} from '@img-build/interfaces';
import { atDigest, formatReference, parseReference } from '@img-build/oci';
import { ExporterError } from './exporter-error.ts';
import { type MountSources, pushImage } from './image/push-image.ts';
import { type ImageFormat, type WrittenImage, writeImage } from './image/write-image.ts';

/** How images are stored and pushed. */
export interface ImageExporterOptions extends ImageFormat {
  readonly content: ContentStore;
  readonly images: ImageStore;
  /** Push every name after storing it. */
  readonly push?: boolean | undefined;
  /** Push under the digest alone, without giving a tag: for a list that is put together later. */
  readonly byDigest?: boolean | undefined;
  /** Called when something is pushed. */
  readonly registry?: (() => Promise<Pusher>) | undefined;
  /** Do not give the image its names here; only useful with `push`. */
  readonly store?: boolean | undefined;
  readonly mountFrom?: MountSources | undefined;
}

/** Creates the exporter that keeps the image in the local store, and pushes it when asked to. */
export function createImageExporter(options: ImageExporterOptions): Exporter {
  const { content, images, push = false, registry, store = true } = options;
  return {
    title: 'exporting to image',
    async export(input, exportOptions) {
      const names = input.names.map((name) => formatReference(parseReference(name)));
      if (push && (names.length === 0 || registry === undefined)) {
        throw new ExporterError('an image that is to be pushed needs a name', {
          code: 'EXPORT_NAME_MISSING',
          hint: 'name it with -t',
        });
      }
      const image = await writeImage(content, input, options, exportOptions);
      if (store)
        for (const name of names)
          await exportOptions.progress(`naming to ${name}`, async () => images.put(name, image.target));
      if (push && registry !== undefined)
        await pushAll(names, image, { ...options, registry }, exportOptions);
      return resultOf(image, names);
    },
  };
}

async function pushAll(
  names: readonly string[],
  image: WrittenImage,
  options: ImageExporterOptions & { readonly registry: () => Promise<Pusher> },
  exportOptions: ExportOptions,
): Promise<void> {
  const registry = await options.registry();
  const { content, mountFrom, byDigest = false } = options;
  for (const name of names) {
    const reference = parseReference(name);
    await pushImage(byDigest ? atDigest(reference, image.target.digest) : reference, image.target, {
      content,
      registry,
      mountFrom,
      progress: exportOptions.progress,
      signal: exportOptions.signal,
    });
  }
}

/** What an image's export tells, under BuildKit's keys. */
export function resultOf(
  { target, configDigest, isIndex }: WrittenImage,
  names: readonly string[],
): ExportResult {
  return {
    descriptor: target,
    configDigest,
    metadata: {
      // Each of several platforms has a config of its own.
      ...(isIndex ? {} : { 'containerimage.config.digest': configDigest }),
      'containerimage.descriptor': target,
      'containerimage.digest': target.digest,
      ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
    },
  };
}
