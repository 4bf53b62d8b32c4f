// SPDX-License-Identifier: MIT
import type {
  Compression,
  ContentStore,
  ExportInput,
  ExportOptions,
  Layer,
  PlatformResult,
} from '@img-build/interfaces';
import {
  canonicalDigest,
  type Descriptor,
  type Digest,
  type ImageConfig,
  type Manifest,
  MEDIA_TYPES,
  type MediaTypeFamily,
} from '@img-build/oci';
import { INLINE_CACHE_KEY, LAYER_ANNOTATIONS } from '../cache/cache-config.ts';
import { encodeInlineCache } from '../cache/inline-cache.ts';
import { ExporterError } from '../exporter-error.ts';
import { forEachParallel } from '../parallel.ts';
import { type Annotation, annotated, annotationsOf, checkAnnotations } from './annotations.ts';
import { completeConfig } from './complete-config.ts';
import { layerDescriptor } from './layer-descriptor.ts';
import { type LayerRewriter, rewriteLayer } from './rewrite-layer.ts';
import { configBytes, documentBytes } from './stable-json.ts';

/** Layers of one image that are compressed at once. */
const PARALLEL = 4;

/** How an image is written. */
export interface ImageFormat {
  /** OCI by default. */
  readonly mediaTypes?: MediaTypeFamily | undefined;
  /** Of new layers; those that exist keep theirs unless `rewriteLayer` changes it. */
  readonly compression?: Compression | undefined;
  readonly compressionLevel?: number | undefined;
  /** Compresses all layers anew, also those of base images. */
  readonly rewriteLayer?: LayerRewriter | undefined;
  /** With SOURCE_DATE_EPOCH, later times inside new layers become that one. */
  readonly rewriteTimestamp?: boolean | undefined;
  /** Write an index also for one platform. */
  readonly forceIndex?: boolean | undefined;
  /** Of manifests, the index, and their descriptors. */
  readonly annotations?: readonly Annotation[] | undefined;
}

/** An image that is in the content store. */
export interface WrittenImage {
  /** The manifest, or the index of several platforms. */
  readonly target: Descriptor;
  /** Of the first platform. */
  readonly configDigest: Digest;
  /** The target is an index. */
  readonly isIndex: boolean;
  /** RFC 3339, of the first platform. */
  readonly created?: string | undefined;
}

interface WrittenManifest {
  readonly descriptor: Descriptor;
  readonly configDigest: Digest;
  readonly created: string | undefined;
}

/**
 * Writes layers, configs, manifests and index into the content store.
 *
 * @throws ExporterError `EXPORT_CONTENT_MISSING`; whatever making a layer throws.
 */
export async function writeImage(
  content: ContentStore,
  input: ExportInput,
  format: ImageFormat,
  options: ExportOptions,
): Promise<WrittenImage> {
  const { progress, signal } = options;
  const { mediaTypes: family = 'oci', annotations = [] } = format;
  const isIndex = input.platforms.length > 1 || format.forceIndex === true;
  checkAnnotations(annotations, {
    hasIndex: isIndex,
    platforms: input.platforms.map(({ platform }) => platform),
  });
  const layers = await progress('exporting layers', () =>
    Promise.all(
      input.platforms.map(async (platform) => {
        const made = await platform.layers({
          signal,
          mediaTypes: family,
          compression: format.compression,
          compressionLevel: format.compressionLevel,
          rewriteTimestamp: format.rewriteTimestamp === true ? input.epoch : undefined,
        });
        return await rewritten(content, made, format.rewriteLayer, options);
      }),
    ),
  );
  const manifests: WrittenManifest[] = [];
  for (const [index, platform] of input.platforms.entries()) {
    manifests.push(
      await writeManifest(content, platform, layers[index] ?? [], {
        family,
        annotations,
        epoch: input.epoch,
        options,
      }),
    );
  }
  const [first] = manifests;
  if (first === undefined) throw new Error('an image needs at least one platform');
  const { configDigest, created } = first;
  if (!isIndex) return { target: first.descriptor, configDigest, isIndex, created };
  const mediaType = family === 'oci' ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.dockerManifestList;
  const bytes = documentBytes({
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(({ descriptor }) => descriptor),
    annotations: annotationsOf(annotations, 'index'),
  });
  const target = await progress(`exporting manifest list ${canonicalDigest(bytes)}`, () =>
    storeBytes(content, mediaType, bytes, options),
  );
  return {
    target: annotated(target, annotationsOf(annotations, 'index-descriptor')),
    configDigest,
    isIndex,
    created,
  };
}

async function rewritten(
  content: ContentStore,
  layers: readonly Layer[],
  rewriter: LayerRewriter | undefined,
  { signal }: ExportOptions,
): Promise<readonly Layer[]> {
  if (rewriter === undefined) return layers;
  const made = new Map<Layer, Layer>();
  await forEachParallel([...new Set(layers)], PARALLEL, { signal }, async (layer, either) => {
    const { descriptor, diffId } = await rewriteLayer(layer, rewriter, { signal: either });
    made.set(layer, { descriptor: await dated(descriptor, layer, content), diffId });
  });
  return layers.map((layer) => made.get(layer) ?? layer);
}

/** A layer is as old as it was before it was compressed anew: the config of the image stays the same. */
async function dated(made: Descriptor, { descriptor }: Layer, content: ContentStore): Promise<Descriptor> {
  const before = made.digest === descriptor.digest ? undefined : await content.info(descriptor.digest);
  if (before === undefined || createdAtOf(made) !== undefined) return made;
  return annotated(made, { [LAYER_ANNOTATIONS.createdAt]: new Date(before.createdAt).toISOString() });
}

interface ManifestContext {
  readonly annotations: readonly Annotation[];
  readonly family: MediaTypeFamily;
  readonly epoch: number | undefined;
  readonly options: ExportOptions;
}

async function writeManifest(
  content: ContentStore,
  result: PlatformResult,
  layers: readonly Layer[],
  context: ManifestContext,
): Promise<WrittenManifest> {
  const { family, annotations, epoch, options } = context;
  const dated = await Promise.all(
    layers.map(async ({ descriptor, diffId }) => {
      const info = await content.info(descriptor.digest);
      if (info !== undefined) return { diffId, createdAt: createdAtOf(descriptor) ?? info.createdAt };
      throw new ExporterError(`layer ${descriptor.digest} is not in the content store`, {
        code: 'EXPORT_CONTENT_MISSING',
      });
    }),
  );
  const config = withInlineCache(
    completeConfig(result.config, dated, epoch),
    await inlineCache(result, layers, options),
  );
  const configData = configBytes(config);
  const configDescriptor: Descriptor = {
    mediaType: family === 'oci' ? MEDIA_TYPES.ociConfig : MEDIA_TYPES.dockerConfig,
    digest: canonicalDigest(configData),
    size: configData.byteLength,
  };
  const mediaType = family === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest;
  const own = annotationsOf(annotations, 'manifest', result.platform);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    config: configDescriptor,
    layers: layers.map((layer) => layerDescriptor(layer.descriptor, family)),
    ...(own === undefined ? {} : { annotations: own }),
  };
  const bytes = documentBytes(manifest);
  const stored = await options.progress(`exporting manifest ${canonicalDigest(bytes)}`, () =>
    storeBytes(content, mediaType, bytes, options),
  );
  await options.progress(`exporting config ${configDescriptor.digest}`, () =>
    storeBytes(content, configDescriptor.mediaType, configData, options),
  );
  return {
    descriptor: annotated(
      { ...stored, platform: result.platform },
      annotationsOf(annotations, 'manifest-descriptor', result.platform),
    ),
    configDigest: configDescriptor.digest,
    created: config.created,
  };
}

/** When the builder says that the layer was made, on whatever machine. */
function createdAtOf({ annotations }: Descriptor): number | undefined {
  const time = Date.parse(annotations?.[LAYER_ANNOTATIONS.createdAt] ?? '');
  return Number.isNaN(time) ? undefined : time;
}

async function inlineCache(
  result: PlatformResult,
  layers: readonly Layer[],
  { progress, signal }: ExportOptions,
): Promise<string | undefined> {
  if (result.inlineCache === undefined) return undefined;
  const graph = await progress(
    'preparing layers for inline cache',
    async () => await result.inlineCache?.(layers, { signal }),
  );
  return graph === undefined ? undefined : encodeInlineCache(graph, layers);
}

/** The cache of the base image, whose layers are not all of this one's, goes. */
function withInlineCache(config: ImageConfig, cache: string | undefined): ImageConfig {
  const { [INLINE_CACHE_KEY]: _base, ...rest } = config as ImageConfig & { [INLINE_CACHE_KEY]?: unknown };
  return cache === undefined ? rest : Object.assign(rest, { [INLINE_CACHE_KEY]: cache });
}

/** Stores a small document. */
export async function storeBytes(
  content: ContentStore,
  mediaType: string,
  bytes: Uint8Array,
  { signal }: Pick<ExportOptions, 'signal'> = {},
): Promise<Descriptor> {
  return content.ingest(mediaType, once(bytes), {
    signal,
    size: bytes.byteLength,
    expected: canonicalDigest(bytes),
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
