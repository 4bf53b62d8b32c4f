// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { CacheExporter, CacheExportOptions, ContentReader, Layer, Locks } from '@img-build/interfaces';
import { type ArchiveEntry, type Descriptor, MEDIA_TYPES } from '@img-build/oci';
import { blobPath, LAYOUT_FILE } from '../archive/layout.ts';
import { sizeOf, writeLayoutFolder } from '../archive/layout-folder.ts';
import { writeFileWhole } from '../archive/sink.ts';
import { forEachParallel } from '../parallel.ts';
import { type CacheDocuments, type CacheFormat, cacheDocuments } from './cache-manifest.ts';
import { removeUnreferenced } from './local-cache-cleaning.ts';
import { prepareCache } from './prepare-cache.ts';

/** Where a cache is written to, and how. */
export interface LocalCacheExporterOptions extends CacheFormat {
  /** Absolute path of the OCI layout; made when missing. */
  readonly folder: string;
  /** `latest` by default. */
  readonly tag?: string | undefined;
  /** Removes the blobs that no tag needs any more. */
  readonly reset?: boolean | undefined;
  readonly content: ContentReader;
  /** Locks between all that write to a folder. */
  readonly locks: (folder: string) => Locks;
  /** Told what was left out. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const TAG = 'org.opencontainers.image.ref.name';
/** Files written at once. */
const PARALLEL = 2;

/**
 * Creates the exporter of a cache to an OCI layout. Layers that are there are not made; other tags stay. The index is
 * replaced last and whole, and several processes may write to a folder at once.
 *
 * @throws on `export`: ExporterError `CACHE_INVALID`; OciError for a folder whose index.json is none; errors of the
 *   file system
 */
export function createLocalCacheExporter(options: LocalCacheExporterOptions): CacheExporter {
  const { folder, mediaTypes: family = 'oci', reset = false } = options;
  return {
    title: 'exporting cache to client directory',
    async export(graph, exportOptions) {
      const { progress, signal } = exportOptions;
      const cache = await prepareCache(graph, { family, progress, onWarning: options.onWarning });
      if (cache === undefined) return;
      const locks = options.locks(folder);
      const release = await locks.acquire('content', { signal, shared: true });
      try {
        await writeCache(cacheDocuments(cache, options), cache.layers, locks, {
          ...options,
          ...exportOptions,
        });
      } finally {
        release();
      }
      if (reset) await progress('removing unused blobs', () => clean(folder, locks, options));
    },
  };
}

async function writeCache(
  { layers, config, manifest }: CacheDocuments,
  known: readonly Layer[],
  locks: Locks,
  options: LocalCacheExporterOptions & CacheExportOptions,
): Promise<void> {
  const { folder, tag = 'latest', progress, signal } = options;
  const layerOf = new Map(known.map((layer) => [layer.descriptor.digest, layer]));
  await forEachParallel(layers, PARALLEL, { signal }, (descriptor, stop) =>
    progress(`writing layer ${descriptor.digest}`, () =>
      writeLayer(descriptor, layerOf.get(descriptor.digest), { ...options, signal: stop }),
    ),
  );
  const entry = { ...manifest.descriptor, annotations: { [TAG]: tag } };
  const entries = [
    file(blobPath(config.descriptor.digest), config.bytes),
    file(blobPath(manifest.descriptor.digest), manifest.bytes),
    file('oci-layout', LAYOUT_FILE),
  ];
  await progress(`writing cache image manifest ${manifest.descriptor.digest}`, async () => {
    const release = await locks.acquire('index', { signal });
    try {
      const index = { schemaVersion: 2 as const, mediaType: MEDIA_TYPES.ociIndex, manifests: [entry] };
      await writeLayoutFolder(folder, { entries, index }, { signal });
    } finally {
      release();
    }
  });
}

async function writeLayer(
  { digest, size }: Descriptor,
  layer: Layer | undefined,
  { folder, content, provide, signal }: LocalCacheExporterOptions & CacheExportOptions,
): Promise<void> {
  const path = join(folder, blobPath(digest));
  if (layer === undefined || (await sizeOf(path)) === size) return;
  await provide(layer, { signal });
  await writeFileWhole(path, content.open(digest, { signal }), { signal }, 0o444);
}

async function clean(
  folder: string,
  locks: Locks,
  { onWarning }: Pick<LocalCacheExporterOptions, 'onWarning'>,
): Promise<void> {
  const release = await locks.acquire('content');
  try {
    await removeUnreferenced(folder, onWarning);
  } finally {
    release();
  }
}

function file(path: string, bytes: Uint8Array): ArchiveEntry {
  return { path, mode: 0o444, size: bytes.byteLength, open: () => once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
