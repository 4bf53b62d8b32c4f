// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  formatReference,
  isForeignLayerType,
  isIndexType,
  isManifestType,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageReader } from './image-places.ts';

/** Everything of an image, documents after what they need. */
export interface ImageParts {
  readonly documents: Map<Digest, FetchedManifest>;
  readonly blobs: Map<Digest, Descriptor>;
}

const MAX_DEPTH = 8;
/** Documents of one image with everything that refers to it; they are kept in memory. */
const MAX_DOCUMENTS = 5000;
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** Nothing yet. */
export function noParts(): ImageParts {
  return { documents: new Map(), blobs: new Map() };
}

/**
 * Collects a manifest or index with all it needs: children before parents, blobs apart. Layers that are to be fetched from
 * elsewhere stay there.
 *
 * @throws RegistryError `REGISTRY_PROTOCOL` for an image nested too deep or of too many parts, `REGISTRY_SIZE_MISMATCH` for a
 *   document of another length than announced
 */
export async function collectImage(
  reader: ImageReader,
  descriptor: Descriptor,
  parts: ImageParts,
  options: AbortOptions,
  depth = 0,
): Promise<void> {
  if (parts.documents.has(descriptor.digest)) return;
  if (depth > MAX_DEPTH) throw excessive(reader, `it is nested more than ${MAX_DEPTH} times`);
  const document = await reader.manifest(descriptor.digest, options);
  if (document.descriptor.size !== descriptor.size) throw wrongSize(reader, document, descriptor);
  await collectDocument(reader, document, parts, options, depth);
}

/** Collects what a document needs, and the document itself after it. */
export async function collectDocument(
  reader: ImageReader,
  document: FetchedManifest,
  parts: ImageParts,
  options: AbortOptions,
  depth = 0,
): Promise<void> {
  if (document.kind === 'index') {
    for (const child of document.index.manifests) {
      if (isIndexType(child.mediaType) || isManifestType(child.mediaType))
        await collectImage(reader, child, parts, options, depth + 1);
      else parts.blobs.set(child.digest, child);
    }
  } else {
    const { config, layers } = document.manifest;
    for (const blob of [config, ...layers]) {
      const isElsewhere = isForeignLayerType(blob.mediaType) && (blob.urls ?? []).length > 0;
      if (!isElsewhere) parts.blobs.set(blob.digest, blob);
    }
  }
  parts.documents.set(document.descriptor.digest, document);
  const bytes = [...parts.documents.values()].reduce((sum, one) => sum + one.bytes.byteLength, 0);
  if (parts.documents.size > MAX_DOCUMENTS || bytes > MAX_DOCUMENT_BYTES)
    throw excessive(reader, `it has more than ${MAX_DOCUMENTS} manifests, or 64 MiB of them`);
}

/** Collects what refers to any of the documents, and what refers to that; gives the referrers. */
export async function collectReferrers(
  reader: ImageReader,
  parts: ImageParts,
  options: AbortOptions,
): Promise<readonly FetchedManifest[]> {
  const found: FetchedManifest[] = [];
  let subjects = [...parts.documents.keys()];
  for (let depth = 0; subjects.length > 0 && depth < MAX_DEPTH; depth++) {
    const next: Digest[] = [];
    for (const subject of subjects) {
      for await (const referrer of reader.referrers(subject, options)) {
        if (parts.documents.has(referrer.digest)) continue;
        const document = await reader.manifest(referrer.digest, options);
        // A tag in the place of the API may list anything, and so may a registry.
        if (subjectOf(document) !== subject) continue;
        await collectDocument(reader, document, parts, options);
        found.push(document);
        next.push(referrer.digest);
      }
    }
    subjects = next;
  }
  return found;
}

function subjectOf(document: FetchedManifest): Digest | undefined {
  return (document.kind === 'index' ? document.index : document.manifest).subject?.digest;
}

function wrongSize(
  { reference }: ImageReader,
  { descriptor: { digest, size } }: FetchedManifest,
  announced: Descriptor,
): RegistryError {
  return new RegistryError(
    `manifest ${digest} of ${formatReference(reference)} has ${size} bytes instead of the ${announced.size} announced`,
    { code: 'REGISTRY_SIZE_MISMATCH', host: reference.domain, repository: reference.path },
  );
}

function excessive({ reference }: ImageReader, why: string): RegistryError {
  return new RegistryError(`${formatReference(reference)} cannot be copied: ${why}`, {
    code: 'REGISTRY_PROTOCOL',
    host: reference.domain,
    repository: reference.path,
  });
}
