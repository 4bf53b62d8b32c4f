// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { isToolError } from '@img-build/errors';
import type { AbortOptions, BlobSource, PushOutcome } from '@img-build/interfaces';
import {
  type Descriptor,
  hostPlatform,
  isDigest,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import type { RegistryClient } from '../registry-client.ts';
import { archiveReader } from './archive-reader.ts';
import { archiveWriter } from './archive-writer.ts';
import { choosePlatforms } from './choose-platforms.ts';
import { collectDocument, collectReferrers, type ImageParts, noParts } from './collect-image.ts';
import type { ImageReader, ImageWriter } from './image-places.ts';
import { folderFiles } from './layout-files.ts';
import { layoutReader } from './layout-reader.ts';
import { layoutWriter } from './layout-writer.ts';
import { type CopyLocation, formatLocation, parseLocation } from './location.ts';
import { registryReader, registryWriter } from './registry-place.ts';

/** How to copy an image. */
export interface CopyOptions extends AbortOptions {
  /**
   * Only these platforms' images, as `linux/arm64`: one by itself, several as an index of their own. Everything, digest and
   * all, when left out; an archive, which holds one image, then gets this machine's.
   */
  readonly platforms?: readonly (Platform | string)[] | undefined;
  /** Copies what refers to the image too: signatures, contents lists … */
  readonly referrers?: boolean | undefined;
  /** Blobs moved at once; 6 by default. */
  readonly parallel?: number | undefined;
  /** Told which blobs there are, before the first moves. */
  readonly onBlobs?: ((blobs: readonly Descriptor[]) => void) | undefined;
  /** Bytes of a blob moved so far; must not throw and must not block. */
  readonly onProgress?: ((blob: Descriptor, bytes: number) => void) | undefined;
  /** What became of a blob. */
  readonly onBlob?: ((blob: Descriptor, outcome: PushOutcome) => void) | undefined;
}

/** What was copied. */
export interface CopyResult {
  /** What the name of the copy leads to; the original's unless platforms were left out. */
  readonly descriptor: Descriptor;
  /** What refers to the copy and came along. */
  readonly referrers: readonly Descriptor[];
  /** Blobs by what became of them. */
  readonly blobs: Readonly<Record<PushOutcome, number>>;
}

/**
 * Copies an image between registries, layout folders and archives. Bytes stay exactly as they are; blobs that are there
 * already are not moved, and what was moved when a process died is not moved again. The name comes last.
 *
 * @throws RegistryError, OciError; errors of the file system
 */
export async function copyImage(
  client: RegistryClient,
  from: CopyLocation | string,
  to: CopyLocation | string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const [source, destination] = [locationOf(from), locationOf(to)];
  const writer = openWriter(client, destination);
  const reader = await openReader(client, source, options);
  try {
    const platforms = (options.platforms ?? []).map((one) =>
      typeof one === 'string' ? parsePlatform(one) : one,
    );
    const wanted = platforms.length === 0 && writer.isSingle ? [hostPlatform(process.arch)] : platforms;
    const target = await choosePlatforms(reader, wanted, options);
    const parts = noParts();
    await collectDocument(reader, target, parts, options);
    const referrers = options.referrers === true ? await collectReferrers(reader, parts, options) : [];
    const blobs = await copyBlobs(reader, writer, parts, options);
    await copyDocuments(writer, target, referrers, parts, options);
    return { descriptor: target.descriptor, referrers: referrers.map(({ descriptor }) => descriptor), blobs };
  } finally {
    await Promise.all([reader.close(), writer.close()]);
  }
}

function locationOf(location: CopyLocation | string): CopyLocation {
  return typeof location === 'string' ? parseLocation(location) : location;
}

async function openReader(
  client: RegistryClient,
  location: CopyLocation,
  options: AbortOptions,
): Promise<ImageReader> {
  switch (location.type) {
    case 'registry':
      return registryReader(client, location.reference);
    case 'oci': {
      const { folder, name } = location;
      return await layoutReader({
        place: formatLocation(location),
        files: folderFiles(resolve(folder)),
        reference: layoutReference(name),
        isWanted: name === undefined ? undefined : (entry) => isNamed(entry, name),
        digest: name !== undefined && isDigest(name) ? name : undefined,
      });
    }
    case 'docker-archive':
      return await archiveReader(resolve(location.file), location.reference, options);
  }
}

function openWriter(client: RegistryClient, location: CopyLocation): ImageWriter {
  switch (location.type) {
    case 'registry':
      return registryWriter(client, location.reference);
    case 'oci':
      return layoutWriter(
        resolve(location.folder),
        location.name !== undefined && isDigest(location.name) ? undefined : location.name,
      );
    case 'docker-archive':
      return archiveWriter(resolve(location.file), location.reference);
  }
}

/** A layout has tags and no repository; messages need a name. */
function layoutReference(name: string | undefined): Reference {
  return name === undefined || isDigest(name)
    ? { domain: 'layout', path: 'image', tag: 'latest' }
    : { ...parseReference('layout.local/image'), tag: name };
}

function isNamed({ digest, annotations = {} }: Descriptor, name: string): boolean {
  if (isDigest(name)) return digest === name;
  const written = annotations['org.opencontainers.image.ref.name'];
  return written === name || written?.endsWith(`:${name}`) === true;
}

async function copyBlobs(
  reader: ImageReader,
  writer: ImageWriter,
  { blobs }: ImageParts,
  options: CopyOptions,
): Promise<CopyResult['blobs']> {
  const counts = { existed: 0, mounted: 0, uploaded: 0 };
  const failed = new AbortController();
  const signal =
    options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const queue = [...blobs.values()];
  options.onBlobs?.(queue);
  const mountFrom = mountable(reader, writer);
  const work = async (): Promise<void> => {
    for (let blob = queue.shift(); blob !== undefined; blob = queue.shift()) {
      const descriptor = blob;
      const source: BlobSource = {
        descriptor,
        open: (offset) => reader.blob(descriptor, { offset, signal }),
        mountFrom,
      };
      const how = { signal, onProgress: (bytes: number) => options.onProgress?.(descriptor, bytes) };
      const outcome = await writer.blob(source, how).catch(async (error: unknown) => {
        // Wrong bytes may have come from a cache on the way; a second time they are the registry's.
        if (!isToolError(error, 'REGISTRY_DIGEST_MISMATCH')) throw error;
        return await writer.blob(source, how);
      });
      counts[outcome] += 1;
      options.onBlob?.(descriptor, outcome);
    }
  };
  const workers = Array.from({ length: Math.min(options.parallel ?? 6, queue.length) }, async () => {
    // The first failure is the one to tell; the others only follow from it.
    await work().catch((error: unknown) => failed.abort(error));
  });
  await Promise.all(workers);
  options.signal?.throwIfAborted();
  failed.signal.throwIfAborted();
  return counts;
}

/** Blobs of a neighbour on the same registry need not move. */
function mountable(reader: ImageReader, writer: ImageWriter): readonly string[] | undefined {
  const [from, to] = [reader.repository, writer.repository];
  return from !== undefined && from.domain === to?.domain ? [from.path] : undefined;
}

async function copyDocuments(
  writer: ImageWriter,
  target: FetchedManifest,
  referrers: readonly FetchedManifest[],
  { documents }: ImageParts,
  options: AbortOptions,
): Promise<void> {
  for (const document of documents.values())
    if (document.descriptor.digest !== target.descriptor.digest) await writer.manifest(document, options);
  await writer.finish(target, referrers, options);
}
