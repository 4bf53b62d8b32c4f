// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  bestPlatform,
  canonicalDigest,
  type Descriptor,
  formatPlatform,
  formatReference,
  isAttestation,
  offeredPlatforms,
  type Platform,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { resolvePlatform } from '../endpoints/resolve-platform.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageReader } from './image-places.ts';

/** docker's annotation that says which entry of an index a statement is about. */
const SUBJECT_ANNOTATION = 'vnd.docker.reference.digest';

/**
 * What is to be copied: everything, one platform's image by itself, or an index of several platforms' images with the
 * attestations about them.
 *
 * @throws RegistryError `REGISTRY_PLATFORM_NOT_FOUND`
 */
export async function choosePlatforms(
  reader: ImageReader,
  platforms: readonly Platform[],
  options: AbortOptions,
): Promise<FetchedManifest> {
  const target = await reader.target(options);
  const [first, second] = platforms;
  if (first === undefined) return await reader.manifest(target.digest, options);
  if (second === undefined) {
    const chosen = await resolvePlatform(reader, reader.reference, target, first, options);
    return await reader.manifest(chosen.digest, options);
  }
  const document = await reader.manifest(target.digest, options);
  if (document.kind !== 'index')
    throw notFound(reader, `is no index, so it cannot have ${platforms.map(formatPlatform).join(', ')}`);
  return reduced(reader, document, platforms);
}

function reduced(
  reader: ImageReader,
  document: FetchedManifest & { readonly kind: 'index' },
  platforms: readonly Platform[],
): FetchedManifest {
  const all = document.index.manifests;
  const chosen = new Set<Descriptor>();
  for (const platform of platforms) {
    const entry = bestPlatform(all, platform);
    if (entry === undefined)
      throw notFound(
        reader,
        `has no image for ${formatPlatform(platform)}; it has ${offeredPlatforms(all).join(', ')}`,
      );
    chosen.add(entry);
  }
  const digests = new Set([...chosen].map(({ digest }) => digest as string));
  const manifests = all.filter(
    (entry) =>
      chosen.has(entry) ||
      (isAttestation(entry) && digests.has(entry.annotations?.[SUBJECT_ANNOTATION] ?? '')),
  );
  const index = { ...document.index, manifests };
  const bytes = Buffer.from(JSON.stringify(index));
  const { mediaType } = document;
  return {
    kind: 'index',
    mediaType,
    index,
    bytes,
    descriptor: { mediaType, digest: canonicalDigest(bytes), size: bytes.byteLength },
  };
}

function notFound({ reference }: ImageReader, why: string): RegistryError {
  return new RegistryError(`${formatReference(reference)} ${why}`, {
    code: 'REGISTRY_PLATFORM_NOT_FOUND',
    host: reference.domain,
    repository: reference.path,
  });
}
