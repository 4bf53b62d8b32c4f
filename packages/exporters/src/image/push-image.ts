// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ContentReader, ExportProgress, Pusher } from '@img-build/interfaces';
import {
  atDigest,
  type Descriptor,
  type Digest,
  detectDocument,
  formatReference,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  MAX_MANIFEST_BYTES,
  type Reference,
  withDigest,
} from '@img-build/oci';
import { ExporterError } from '../exporter-error.ts';
import { forEachParallel } from '../parallel.ts';

/** Paths of repositories that may have a blob, on the registry it is pushed to; the likeliest first. */
export type MountSources = (digest: Digest, to: Reference) => readonly string[] | Promise<readonly string[]>;

/** What a push works with. */
export interface PushOptions extends AbortOptions {
  readonly content: ContentReader;
  readonly registry: Pusher;
  readonly progress: ExportProgress;
  readonly mountFrom?: MountSources | undefined;
  /** Bytes sent of a blob. */
  readonly onProgress?: ((blob: Descriptor, bytes: number) => void) | undefined;
  /** Blobs sent at once; 4 by default. */
  readonly parallel?: number | undefined;
}

interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * Pushes an image under a name: all blobs, then the manifests, children first.
 *
 * @returns the digest the registry has it under.
 * @throws RegistryError; ExporterError `EXPORT_CONTENT_MISSING`
 */
export async function pushImage(
  reference: Reference,
  target: Descriptor,
  options: PushOptions,
): Promise<Digest> {
  const { registry, progress, signal } = options;
  const documents: Document[] = [];
  const blobs = new Map<Digest, Descriptor>();
  await collect(target, options.content, documents, blobs);
  await progress('pushing layers', () => pushBlobs(reference, [...blobs.values()], options));
  return progress(
    `pushing manifest for ${formatReference(withDigest(reference, target.digest))}`,
    async () => {
      let digest = target.digest;
      for (const { descriptor, bytes } of documents) {
        const isRoot = descriptor.digest === target.digest;
        digest = await registry.pushManifest(
          isRoot ? reference : atDigest(reference, descriptor.digest),
          descriptor.mediaType,
          bytes,
          { signal },
        );
      }
      return digest;
    },
  );
}

/** Documents after their children. */
async function collect(
  descriptor: Descriptor,
  content: ContentReader,
  documents: Document[],
  blobs: Map<Digest, Descriptor>,
): Promise<void> {
  if (documents.some((known) => known.descriptor.digest === descriptor.digest)) return;
  const bytes = await readStored(content, descriptor);
  const document = detectDocument(bytes, { mediaType: descriptor.mediaType });
  if (document.kind === 'index') {
    for (const child of document.index.manifests) {
      if (isIndexType(child.mediaType) || isManifestType(child.mediaType))
        await collect(child, content, documents, blobs);
      else blobs.set(child.digest, child);
    }
  } else {
    const { config, layers } = document.manifest;
    for (const blob of [...layers, config])
      if (!isForeignLayerType(blob.mediaType)) blobs.set(blob.digest, blob);
  }
  documents.push({ descriptor, bytes });
}

/**
 * Reads a document that must be there.
 *
 * @throws ExporterError `EXPORT_CONTENT_MISSING`
 */
export async function readStored(content: ContentReader, descriptor: Descriptor): Promise<Uint8Array> {
  try {
    return await content.read(descriptor.digest, MAX_MANIFEST_BYTES);
  } catch (cause) {
    if (!isToolError(cause, 'CONTENT_NOT_FOUND')) throw cause;
    throw missing(descriptor, cause);
  }
}

/** The error for content that an image names but the store has not. */
export function missing(descriptor: Descriptor, cause?: unknown): ExporterError {
  return new ExporterError(`${descriptor.digest} (${descriptor.mediaType}) is not in the content store`, {
    code: 'EXPORT_CONTENT_MISSING',
    hint: 'pull or build the image again',
    ...(cause === undefined ? {} : { cause }),
  });
}

async function pushBlobs(
  reference: Reference,
  blobs: readonly Descriptor[],
  options: PushOptions,
): Promise<void> {
  const { content, registry, mountFrom, onProgress, parallel = 4 } = options;
  await forEachParallel(blobs, parallel, options, async (descriptor, signal) => {
    if ((await content.info(descriptor.digest)) === undefined) throw missing(descriptor);
    const source = {
      descriptor,
      open: (offset: number) => content.open(descriptor.digest, { offset, signal }),
      mountFrom: await mountFrom?.(descriptor.digest, reference),
    };
    await registry.pushBlob(reference, source, {
      signal,
      onProgress: (bytes) => onProgress?.(descriptor, bytes),
    });
  });
}
