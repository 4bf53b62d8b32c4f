// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ContentStore, Fetcher } from '@img-build/interfaces';
import {
  atDigest,
  bestPlatform,
  type Descriptor,
  detectDocument,
  formatPlatform,
  formatReference,
  type ImageConfig,
  type Index,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  matchPlatform,
  offeredPlatforms,
  type Platform,
  parseImageConfig,
  type Reference,
} from '@img-build/oci';
import { SourceError } from '../source-error.ts';

/** Where documents are read from. */
export interface DocumentPorts {
  readonly content: ContentStore;
  /** Asked for what the content store has not; absent when nothing may be fetched. */
  readonly fetcher?: (() => Promise<Fetcher>) | undefined;
}

/** One image of one platform, read but for its layers. */
export interface ImageDocuments {
  /** What the name leads to: the index when it is one. */
  readonly target: Descriptor;
  readonly index?: Index | undefined;
  readonly manifestDescriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
}

/** An index in an index is followed this often. */
const MAX_NESTING = 4;

/**
 * Reads index, manifest and config of an image for a platform; what had to be fetched is stored.
 *
 * @throws SourceError `SOURCE_PLATFORM_NOT_FOUND`; RegistryError, ContentError `CONTENT_NOT_FOUND`; OciError for broken documents
 */
export async function readImage(
  ports: DocumentPorts,
  reference: Reference,
  target: Descriptor,
  platform: Platform,
  options: AbortOptions = {},
): Promise<ImageDocuments> {
  let descriptor = target;
  let index: Index | undefined;
  for (let depth = 0; depth <= MAX_NESTING; depth++) {
    const bytes = await readDocument(ports, reference, descriptor, options);
    const document = detectDocument(bytes, { mediaType: descriptor.mediaType });
    if (document.kind === 'manifest') {
      const { manifest } = document;
      const configBytes = await readConfig(ports, reference, manifest.config, options);
      const config = parseImageConfig(configBytes);
      // An index says which platform its entries are for, and is believed.
      if (index === undefined && !matchPlatform(platform, config))
        throw platformNotFound(reference, platform, [formatPlatform(config)]);
      checkLayers(reference, manifest, config);
      return { target, index, manifestDescriptor: descriptor, manifest, config, configBytes };
    }
    index ??= document.index;
    const chosen = bestPlatform(document.index.manifests, platform) ?? soleEntry(document.index);
    if (chosen === undefined)
      throw platformNotFound(reference, platform, offeredPlatforms(document.index.manifests));
    descriptor = chosen;
  }
  throw new SourceError(`${formatReference(reference)}: an index is nested more than ${MAX_NESTING} times`, {
    code: 'SOURCE_UNSUPPORTED',
  });
}

/** A manifest or index: from the content store, else fetched and stored. */
export async function readDocument(
  ports: DocumentPorts,
  reference: Reference,
  descriptor: Descriptor,
  options: AbortOptions,
): Promise<Uint8Array> {
  return stored(ports, descriptor, MAX_MANIFEST_BYTES, options, async (fetcher) => {
    const { bytes } = await fetcher.manifest(atDigest(reference, descriptor.digest), options);
    return bytes;
  });
}

async function readConfig(
  ports: DocumentPorts,
  reference: Reference,
  descriptor: Descriptor,
  options: AbortOptions,
): Promise<Uint8Array> {
  if (descriptor.size > MAX_CONFIG_BYTES) {
    throw new SourceError(
      `the config of ${formatReference(reference)} has ${descriptor.size} bytes, more than ${MAX_CONFIG_BYTES}`,
      { code: 'SOURCE_TOO_LARGE' },
    );
  }
  return stored(ports, descriptor, MAX_CONFIG_BYTES, options, async (fetcher) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of fetcher.blob(reference, descriptor, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}

async function stored(
  { content, fetcher }: DocumentPorts,
  descriptor: Descriptor,
  limit: number,
  options: AbortOptions,
  fetch: (fetcher: Fetcher) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  try {
    return await content.read(descriptor.digest, limit, options);
  } catch (error) {
    if (fetcher === undefined || !isToolError(error, 'CONTENT_NOT_FOUND', 'CONTENT_DIGEST_MISMATCH'))
      throw error;
  }
  const bytes = await fetch(await fetcher());
  await content.ingest(descriptor.mediaType, once(bytes), {
    ...options,
    expected: descriptor.digest,
    size: descriptor.size,
  });
  return bytes;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** An index with one image that names no platform: the config decides. */
function soleEntry(index: Index): Descriptor | undefined {
  const [only, second] = index.manifests;
  return second === undefined && only?.platform === undefined ? only : undefined;
}

function checkLayers(reference: Reference, manifest: Manifest, config: ImageConfig): void {
  const [layers, diffIds] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers === diffIds) return;
  throw new SourceError(
    `${formatReference(reference)} is damaged: its manifest has ${layers} layers, its config ${diffIds}`,
    { code: 'SOURCE_UNSUPPORTED' },
  );
}

function platformNotFound(reference: Reference, platform: Platform, offered: readonly string[]): SourceError {
  const there = offered.length === 0 ? 'no runnable image' : offered.join(', ');
  return new SourceError(
    `${formatReference(reference)} has no image for ${formatPlatform(platform)}; it has ${there}`,
    {
      code: 'SOURCE_PLATFORM_NOT_FOUND',
      hint:
        offered.length === 0
          ? undefined
          : `build for one of these with --platform, for example --platform ${offered[0]}`,
    },
  );
}
