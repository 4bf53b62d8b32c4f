// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  digestAlgorithm,
  digestHex,
  isIndexType,
  isManifestType,
  MAX_MANIFEST_BYTES,
  parseIndex,
  type Reference,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { referrerOf } from '../endpoints/referrers-tag.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageReader, ReadBlobOptions } from './image-places.ts';
import type { LayoutFiles } from './layout-files.ts';

/** An image layout that is read. */
export interface LayoutSource {
  /** For messages. */
  readonly place: string;
  readonly files: LayoutFiles;
  readonly reference: Reference;
  /** Tells the wanted entry of index.json; the only one there is when left out. */
  readonly isWanted?: ((entry: Descriptor) => boolean) | undefined;
  /** For an entry that index.json does not list. */
  readonly digest?: Digest | undefined;
}

/** Where a layout keeps a blob. @see image-spec v1.1.1, image-layout.md, "Blobs" */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** Opens an image in an OCI image layout, in a folder or an archive. @throws RegistryError `REGISTRY_ARCHIVE_INVALID` */
export async function layoutReader(source: LayoutSource): Promise<ImageReader> {
  const { files, place } = source;
  await checkVersion(source);
  const entries = parseLayoutIndex(source, await readFile(source, 'index.json', MAX_MANIFEST_BYTES));
  const manifest = async (digest: Digest, options: AbortOptions): Promise<FetchedManifest> =>
    await readManifest(source, digest, options);
  return {
    reference: source.reference,
    manifest,
    async target(options) {
      const wanted = source.isWanted === undefined ? entries : entries.filter(source.isWanted);
      const [first, second] = wanted;
      if (first !== undefined && (second === undefined || source.isWanted !== undefined)) return first;
      if (source.digest !== undefined) return (await manifest(source.digest, options)).descriptor;
      throw new RegistryError(
        first === undefined ? `${place} has no such image` : `${place} holds several images`,
        { code: 'REGISTRY_NOT_FOUND', hint: `it has ${namesOf(entries)}` },
      );
    },
    blob: (descriptor, options) => readBlob(source, descriptor, options),
    async *referrers(digest, options) {
      for (const entry of entries) {
        if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) continue;
        const document = await manifest(entry.digest, options);
        const referrer = referrerOf(document.descriptor, document.bytes);
        if (referrer?.subject === digest) yield referrer.entry;
      }
    },
    close: async () => await files.close(),
  };
}

async function checkVersion(source: LayoutSource): Promise<void> {
  const text = new TextDecoder().decode(await readFile(source, 'oci-layout', 4096));
  let version: unknown;
  try {
    version = (JSON.parse(text) as { imageLayoutVersion?: unknown } | null)?.imageLayoutVersion;
  } catch {
    // Reported below, like every other file of the wrong form.
  }
  if (version !== '1.0.0')
    throw invalid(source.place, `its layout version is ${JSON.stringify(version ?? null)}, not "1.0.0"`);
}

/** The entries of an index.json, which may be an index without a media type. */
function parseLayoutIndex({ place }: LayoutSource, bytes: Uint8Array): readonly Descriptor[] {
  try {
    return parseIndex(bytes).manifests;
  } catch (cause) {
    throw invalid(place, `its index.json is no index: ${messageOf(cause)}`, cause);
  }
}

async function readManifest(
  source: LayoutSource,
  digest: Digest,
  { signal }: AbortOptions,
): Promise<FetchedManifest> {
  const bytes = await readFile(source, blobPath(digest), MAX_MANIFEST_BYTES, signal);
  const actual = `${digestAlgorithm(digest)}:${createHash(digestAlgorithm(digest)).update(bytes).digest('hex')}`;
  if (actual !== digest) throw damaged(source.place, digest, actual);
  try {
    const document = detectDocument(bytes);
    const descriptor = { mediaType: document.mediaType, digest, size: bytes.byteLength };
    return { ...document, descriptor, bytes } as FetchedManifest;
  } catch (cause) {
    throw invalid(source.place, `${digest} is unusable: ${messageOf(cause)}`, cause);
  }
}

async function* readBlob(
  { files, place }: LayoutSource,
  descriptor: Descriptor,
  { offset = 0, signal, onProgress }: ReadBlobOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = blobPath(descriptor.digest);
  const size = await files.size(path);
  if (size === undefined)
    throw new RegistryError(`${place} has no blob ${descriptor.digest}`, { code: 'REGISTRY_NOT_FOUND' });
  if (size !== descriptor.size)
    throw new RegistryError(
      `blob ${descriptor.digest} of ${place} has ${size} bytes instead of the ${descriptor.size} announced`,
      { code: 'REGISTRY_SIZE_MISMATCH' },
    );
  const hash = offset === 0 ? createHash(digestAlgorithm(descriptor.digest)) : undefined;
  let at = offset;
  for await (const chunk of files.open(path, offset, signal)) {
    hash?.update(chunk);
    at += chunk.byteLength;
    onProgress?.(at - offset);
    yield chunk;
  }
  const actual =
    hash === undefined ? undefined : `${digestAlgorithm(descriptor.digest)}:${hash.digest('hex')}`;
  if (actual !== undefined && actual !== descriptor.digest) throw damaged(place, descriptor.digest, actual);
}

/** A small file that must be there. */
async function readFile(
  { files, place }: LayoutSource,
  path: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const size = await files.size(path);
  if (size === undefined) {
    const isBlob = path.startsWith('blobs/');
    throw isBlob
      ? new RegistryError(`${place} has no ${path}`, { code: 'REGISTRY_NOT_FOUND' })
      : invalid(place, `it has no ${path}`);
  }
  if (size > limit) throw invalid(place, `${path} has ${size} bytes, more than ${limit}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.open(path, 0, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function namesOf(entries: readonly Descriptor[]): string {
  const names = entries.map(
    ({ annotations = {}, digest }) => annotations['org.opencontainers.image.ref.name'] ?? digest,
  );
  return names.length === 0 ? 'none' : names.slice(0, 20).join(', ');
}

function invalid(place: string, why: string, cause?: unknown): RegistryError {
  return new RegistryError(`${place} is no image layout: ${why}`, {
    code: 'REGISTRY_ARCHIVE_INVALID',
    ...(cause === undefined ? {} : { cause }),
  });
}

function damaged(place: string, digest: Digest, actual: string): RegistryError {
  return new RegistryError(`blob ${digest} of ${place} is damaged: it is ${actual}`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
  });
}
