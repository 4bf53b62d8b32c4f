// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  atDigest,
  bestPlatform,
  type Descriptor,
  type Digest,
  formatPlatform,
  formatReference,
  type Index,
  isAttestation,
  isIndexType,
  isManifestType,
  MAX_CONFIG_BYTES,
  type Manifest,
  matchPlatform,
  offeredPlatforms,
  type Platform,
  parseImageConfig,
  type Reference,
} from '@img-build/oci';
import { RegistryError } from '../registry-error.ts';
import type { FetchedManifest } from './fetched-manifest.ts';

/** Reads documents and small blobs: a registry, or an image that was saved. */
export interface DocumentReader {
  manifest(digest: Digest, options: AbortOptions): Promise<FetchedManifest>;
  blob(descriptor: Descriptor, options: AbortOptions): AsyncIterable<Uint8Array>;
}

/** An index in an index is followed this often. */
const MAX_NESTING = 8;
/** Configs read to learn a platform no index tells. */
const MAX_CONFIGS = 20;

/**
 * The image of a platform that `target` leads to: itself, or the best entry of an index, also of nested ones. Entries
 * without a platform are judged by their configs; attestations are never chosen.
 *
 * @throws RegistryError `REGISTRY_PLATFORM_NOT_FOUND`, whose message lists what there is; `REGISTRY_PROTOCOL` for an index
 *   nested too deep or in itself.
 */
export async function resolvePlatform(
  reader: DocumentReader,
  reference: Reference,
  target: Descriptor,
  platform: Platform,
  options: AbortOptions = {},
): Promise<Descriptor> {
  const seen = new Set<Digest>();
  let descriptor = target;
  while (isIndexType(descriptor.mediaType)) {
    if (seen.has(descriptor.digest) || seen.size > MAX_NESTING)
      throw protocolError(reference, `an index is nested in itself or more than ${MAX_NESTING} times`);
    seen.add(descriptor.digest);
    const document = await reader.manifest(descriptor.digest, options);
    if (document.kind !== 'index') break;
    const chosen = await choose(reader, document.index, platform, options);
    if (chosen === undefined) throw notFound(reference, platform, offeredPlatforms(document.index.manifests));
    descriptor = chosen;
  }
  if (seen.size > 0) return descriptor;
  const own = await platformOf(reader, descriptor, options);
  if (own === undefined || matchPlatform(platform, own)) return descriptor;
  throw notFound(reference, platform, [formatPlatform(own)]);
}

/** A platform's entry of an index. */
async function choose(
  reader: DocumentReader,
  { manifests }: Index,
  platform: Platform,
  options: AbortOptions,
): Promise<Descriptor | undefined> {
  const known = bestPlatform(manifests, platform);
  if (known !== undefined) return known;
  const nameless = manifests.filter((one) => one.platform === undefined && !isAttestation(one));
  for (const one of nameless.filter(({ mediaType }) => isManifestType(mediaType)).slice(0, MAX_CONFIGS)) {
    const own = await platformOf(reader, one, options);
    if (own !== undefined && matchPlatform(platform, own)) return one;
  }
  return nameless.find(({ mediaType }) => isIndexType(mediaType));
}

/** What an image's config says; nothing of what is no image. */
async function platformOf(
  reader: DocumentReader,
  descriptor: Descriptor,
  options: AbortOptions,
): Promise<Platform | undefined> {
  const document = await reader.manifest(descriptor.digest, options);
  if (document.kind !== 'manifest' || !isImage(document.manifest)) return undefined;
  const { config } = document.manifest;
  if (config.size > MAX_CONFIG_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.blob(config, options)) chunks.push(chunk);
  return parseImageConfig(Buffer.concat(chunks));
}

/** Artifacts have configs of their own kinds and run nowhere. */
function isImage({ artifactType, config }: Manifest): boolean {
  return (
    artifactType === undefined && /\.(?:image\.config|container\.image)\.v1\+json$/.test(config.mediaType)
  );
}

function notFound(reference: Reference, platform: Platform, offered: readonly string[]): RegistryError {
  const there = offered.length === 0 ? 'no runnable image' : offered.join(', ');
  return new RegistryError(
    `${formatReference(reference)} has no image for ${formatPlatform(platform)}; it has ${there}`,
    { code: 'REGISTRY_PLATFORM_NOT_FOUND', host: reference.domain, repository: reference.path },
  );
}

function protocolError(reference: Reference, why: string): RegistryError {
  return new RegistryError(`${formatReference(reference)} is unusable: ${why}`, {
    code: 'REGISTRY_PROTOCOL',
    host: reference.domain,
    repository: reference.path,
  });
}

/** A reader of one repository's documents. */
export function repositoryReader(
  repository: Reference,
  read: {
    manifest(reference: Reference, options: AbortOptions): Promise<FetchedManifest>;
    blob(reference: Reference, descriptor: Descriptor, options: AbortOptions): AsyncIterable<Uint8Array>;
  },
): DocumentReader {
  return {
    manifest: async (digest, options) => await read.manifest(atDigest(repository, digest), options),
    blob: (descriptor, options) => read.blob(repository, descriptor, options),
  };
}
