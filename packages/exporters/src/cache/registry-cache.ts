// SPDX-License-Identifier: MIT
import type {
  BlobPresence,
  CacheExporter,
  CacheExportOptions,
  CacheImporter,
  ContentReader,
  Fetcher,
  Layer,
  Pusher,
} from '@img-build/interfaces';
import { atDigest, type Descriptor, formatReference, type Reference } from '@img-build/oci';
import type { MountSources } from '../image/push-image.ts';
import { forEachParallel } from '../parallel.ts';
import { readCaches } from './cache-documents.ts';
import { type CacheFormat, cacheDocuments } from './cache-manifest.ts';
import { prepareCache } from './prepare-cache.ts';
import { readWhole } from './read-whole.ts';

/** What pushes a cache. */
export type CachePusher = Pusher & BlobPresence;

/** Where a cache is pushed to, and how. */
export interface RegistryCacheExporterOptions extends CacheFormat {
  readonly reference: Reference;
  readonly content: ContentReader;
  /** Called when there is something to push. */
  readonly registry: () => Promise<CachePusher>;
  readonly mountFrom?: MountSources | undefined;
  /** Told what was left out. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Blobs sent at once; 4 by default. */
  readonly parallel?: number | undefined;
}

/**
 * Creates the exporter of a cache to a registry. Layers that the registry has, or can mount, are neither made nor sent.
 * The manifest is sent last: a reader sees the old cache or the new one, complete. A graph without any layer is not
 * pushed.
 */
export function createRegistryCacheExporter(options: RegistryCacheExporterOptions): CacheExporter {
  const { reference, mediaTypes: family = 'oci', parallel = 4 } = options;
  return {
    title: 'exporting cache to registry',
    async export(graph, exportOptions) {
      const { progress, signal } = exportOptions;
      const cache = await prepareCache(graph, { family, progress, onWarning: options.onWarning });
      if (cache === undefined) return;
      const { layers, config, manifest } = cacheDocuments(cache, options);
      const registry = await options.registry();
      const known = new Map(cache.layers.map((layer) => [layer.descriptor.digest, layer]));
      await forEachParallel(layers, parallel, { signal }, (descriptor, stop) =>
        progress(`writing layer ${descriptor.digest}`, () =>
          pushLayer(descriptor, known.get(descriptor.digest), {
            ...options,
            ...exportOptions,
            pusher: registry,
            signal: stop,
          }),
        ),
      );
      await progress(`writing config ${config.descriptor.digest}`, async () => {
        await registry.pushBlob(
          reference,
          { descriptor: config.descriptor, open: (offset) => once(config.bytes.subarray(offset)) },
          { signal },
        );
      });
      await progress(`writing cache image manifest ${manifest.descriptor.digest}`, async () => {
        await registry.pushManifest(reference, manifest.descriptor.mediaType, manifest.bytes, { signal });
      });
    },
  };
}

async function pushLayer(
  descriptor: Descriptor,
  layer: Layer | undefined,
  options: RegistryCacheExporterOptions & CacheExportOptions & { readonly pusher: CachePusher },
): Promise<void> {
  const { pusher, reference, content, mountFrom, provide, signal } = options;
  if (layer === undefined || (await pusher.hasBlob(reference, descriptor, { signal }))) return;
  for (const from of (await mountFrom?.(descriptor.digest, reference)) ?? [])
    if (from !== reference.path && (await pusher.mountBlob(reference, descriptor, from, { signal }))) return;
  await provide(layer, { signal });
  await pusher.pushBlob(
    reference,
    { descriptor, open: (offset) => content.open(descriptor.digest, { offset, signal }) },
    { signal },
  );
}

/** Where a cache is read from. */
export interface RegistryCacheImporterOptions {
  readonly reference: Reference;
  readonly registry: () => Promise<Fetcher>;
}

/**
 * Creates the importer of a cache from a registry: one that was pushed as such, in every form, or the inline caches of an
 * image. Nothing but manifests and configs is read. An image without a cache gives none.
 *
 * @throws on `load`: RegistryError; ExporterError `CACHE_INVALID`; OciError
 */
export function createRegistryCacheImporter({
  reference,
  registry,
}: RegistryCacheImporterOptions): CacheImporter {
  return {
    title: `importing cache manifest from ${formatReference(reference)}`,
    async load(options = {}) {
      const fetcher = await registry();
      const { descriptor, bytes } = await fetcher.manifest(reference, options);
      const graphs = await readCaches(
        { mediaType: descriptor.mediaType, bytes },
        {
          manifest: async (digest, abort) =>
            (await fetcher.manifest(atDigest(reference, digest), abort)).bytes,
          blob: async (config, abort) => await readWhole(fetcher.blob(reference, config, abort), config),
        },
        options,
      );
      // By digest: the tag may move before a layer is asked for.
      const remote = formatReference(atDigest(reference, descriptor.digest));
      return graphs.map((graph) => ({ graph, remote }));
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
