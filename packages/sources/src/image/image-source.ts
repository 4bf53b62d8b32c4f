// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  ContentStore,
  ImageConfigResolver,
  ImageStore,
  Logger,
  RegistryPort,
  RemoteLayer,
  ResolvedImageConfig,
  Source,
  SourceIdentifier,
  SourceInstance,
} from '@img-build/interfaces';
import { formatReference, type Platform, parseReference, type Reference, withDigest } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { contentKey, manifestKey } from './image-keys.ts';
import { type LookUpOrder, lookUpImage } from './image-lookup.ts';
import { createLayerFetcher, type LayerFetcher } from './layer-fetcher.ts';
import { type ImageDocuments, readImage } from './stored-documents.ts';

/** What images are made of. */
export interface ImageSourceOptions {
  /** Called when a registry is first needed. */
  readonly registry: () => Promise<RegistryPort>;
  readonly content: ContentStore;
  readonly images: ImageStore;
  /** For sources that name no platform. */
  readonly platform: Platform;
  readonly logger?: Logger | undefined;
  /** Downloads at once. */
  readonly parallel?: number | undefined;
  /** Take no local image where the registry fails. */
  readonly pull?: boolean | undefined;
}

/** Images of registries and of the local store, as sources and for the frontend. */
export interface ImageSource extends Source, ImageConfigResolver {}

const SCHEME = 'docker-image';
/** LLB attribute that says where to look: `default`, `pull` or `local`. */
const RESOLVE_MODE = 'image.resolvemode';

/**
 * Creates the source of `docker-image://` identifiers. Within one instance a name is resolved once: the frontend and
 * the build see the same image. Layers are fetched when asked for.
 */
export function createImageSource(options: ImageSourceOptions): ImageSource {
  const layers = createLayerFetcher({
    content: options.content,
    fetcher: options.registry,
    parallel: options.parallel,
  });
  const resolved = new Map<string, Promise<ImageDocuments>>();
  const order: LookUpOrder = options.pull === true ? 'pull' : 'registry';

  function documentsOf(
    reference: Reference,
    platform: Platform,
    order: LookUpOrder,
    abort: AbortOptions,
  ): Promise<ImageDocuments> {
    const key = JSON.stringify([formatReference(reference), platform, order]);
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const work = resolveDocuments(options, reference, platform, order, abort);
    resolved.set(key, work);
    work.catch(() => resolved.delete(key));
    return work;
  }

  return {
    schemes: [SCHEME],
    async open(source, abort = {}) {
      const reference = parseReference(identifierBody(source, SCHEME));
      const platform = source.platform ?? options.platform;
      const documents = await documentsOf(reference, platform, orderOf(source) ?? order, abort);
      return imageInstance(documents, { reference, platform, layers });
    },
    async resolveImageConfig(reference, platform, abort = {}): Promise<ResolvedImageConfig> {
      const { target, config, configBytes } = await documentsOf(reference, platform, order, abort);
      return { digest: target.digest, config, bytes: configBytes };
    },
  };
}

/** What an identifier names after its scheme. */
export function identifierBody(source: SourceIdentifier, scheme: string): string {
  const start = `${scheme}://`;
  if (source.identifier.startsWith(start)) return source.identifier.slice(start.length);
  throw new SourceError(`${JSON.stringify(source.identifier)} is not a ${scheme} source`, {
    code: 'SOURCE_IDENTIFIER_INVALID',
  });
}

async function resolveDocuments(
  options: ImageSourceOptions,
  reference: Reference,
  platform: Platform,
  order: LookUpOrder,
  abort: AbortOptions,
): Promise<ImageDocuments> {
  const { target } = await lookUpImage(options, reference, order, abort);
  return readImage(
    { content: options.content, fetcher: options.registry },
    reference,
    target,
    platform,
    abort,
  );
}

function orderOf({ attrs }: SourceIdentifier): LookUpOrder | undefined {
  const mode = attrs[RESOLVE_MODE];
  return mode === 'local' || mode === 'pull' ? mode : undefined;
}

interface InstanceContext {
  readonly reference: Reference;
  readonly platform: Platform;
  readonly layers: LayerFetcher;
  /** The image can be fetched under its name by a later build too; true by default. */
  readonly isRemote?: boolean | undefined;
}

/** An image whose documents are read, as a source instance. */
export function imageInstance(
  documents: ImageDocuments,
  { reference, platform, layers, isRemote = true }: InstanceContext,
): SourceInstance {
  const { target, manifest, config, configBytes } = documents;
  const pinned = formatReference(withDigest(reference, target.digest));
  return {
    async cacheKey(index) {
      return index === 0
        ? { key: manifestKey(target.digest, platform), done: false }
        : { key: contentKey(config, configBytes), done: true };
    },
    async content() {
      return {
        type: 'layers',
        description: `${isRemote ? 'pulled from' : 'read from layout'} ${pinned}`,
        layers: manifest.layers.map((descriptor, index): RemoteLayer => {
          const [diffId] = config.rootfs.diff_ids.slice(index);
          // The documents were checked to agree when they were read.
          if (diffId === undefined) throw new Error(`layer ${index} of ${pinned} has no diff id`);
          return {
            descriptor,
            diffId,
            remote: isRemote ? pinned : undefined,
            fetch: (options) => layers.fetch(reference, descriptor, options),
          };
        }),
      };
    },
  };
}
