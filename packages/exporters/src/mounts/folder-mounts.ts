// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { ContentReader, Locks } from '@img-build/interfaces';
import {
  type ArchiveEntry,
  canonicalDigest,
  type Descriptor,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  type Platform,
  parseIndex,
} from '@img-build/oci';
import { blobPath, LAYOUT_FILE } from '../archive/layout.ts';
import { writeLayoutFolder } from '../archive/layout-folder.ts';
import { removeUnreferenced } from '../cache/local-cache-cleaning.ts';
import { ExporterError } from '../exporter-error.ts';
import { MOUNTS_TYPE, type MountDocuments, mountDocuments, readMountManifest } from './mount-documents.ts';
import type { MountPlace } from './mount-place.ts';
import { mergeMounts, type SavedMount } from './saved-mount.ts';

const TAG = 'org.opencontainers.image.ref.name';

/** Tag that cache mounts have in a layout. */
export const MOUNTS_TAG = 'cache-mounts';

/** Cache mounts in an OCI image layout. */
export interface FolderMountsOptions {
  /** Absolute path; made when something is written. */
  readonly folder: string;
  /** `cache-mounts` by default. */
  readonly tag?: string | undefined;
  readonly content: ContentReader;
  /** Locks between all that write to a folder. */
  readonly locks: (folder: string) => Locks;
  readonly platform: Platform;
  /** Told what could not be tidied up. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Creates the place of cache mounts in a folder. What nothing in the folder needs any more is removed by each `add`. */
export function createFolderMounts(options: FolderMountsOptions): MountPlace {
  const { folder, tag = MOUNTS_TAG, content, platform } = options;
  return {
    name: folder,
    read: async () => (await present(folder, tag))?.mounts,
    open: (descriptor, { signal } = {}) =>
      createReadStream(join(folder, blobPath(descriptor.digest)), signal === undefined ? {} : { signal }),
    async add(mounts, abort = {}) {
      const release = await options.locks(folder).acquire('content', abort);
      try {
        const before = await present(folder, tag);
        const documents = mountDocuments(mergeMounts(before?.mounts ?? [], mounts), platform);
        const { digest } = documents.manifest.descriptor;
        if (before?.digest === digest) return { digest, changed: false };
        await writeLayoutFolder(folder, mountsLayout(documents, mounts, content, tag), abort);
        await removeUnreferenced(folder, options.onWarning);
        return { digest, changed: true };
      } finally {
        release();
      }
    },
  };
}

/** The files of cache mounts as an OCI image layout, sorted by path. */
export function mountsLayout(
  { config, manifest }: MountDocuments,
  mounts: readonly SavedMount[],
  content: ContentReader,
  tag: string = MOUNTS_TAG,
): Parameters<typeof writeLayoutFolder>[1] {
  const index = {
    schemaVersion: 2 as const,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [{ ...manifest.descriptor, artifactType: MOUNTS_TYPE, annotations: { [TAG]: tag } }],
  };
  const blobs = new Map<string, ArchiveEntry>();
  for (const { layer } of mounts) {
    const { digest, size } = layer.descriptor;
    const path = blobPath(digest);
    blobs.set(path, { path, mode: 0o444, size, open: () => content.open(digest) });
  }
  const entries = [
    ...blobs.values(),
    file(blobPath(config.descriptor.digest), config.bytes),
    file(blobPath(manifest.descriptor.digest), manifest.bytes),
    file('index.json', new TextEncoder().encode(JSON.stringify(index))),
    file('oci-layout', LAYOUT_FILE),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries, index };
}

interface Present {
  readonly digest: string;
  readonly mounts: readonly SavedMount[];
}

async function present(folder: string, tag: string): Promise<Present | undefined> {
  const index = await smallFile(join(folder, 'index.json'));
  if (index === undefined) return undefined;
  const entry = parseIndex(index).manifests.find(({ annotations }) => annotations?.[TAG] === tag);
  if (entry === undefined) return undefined;
  return { digest: entry.digest, mounts: readMountManifest(await document(folder, entry), folder) };
}

async function document(folder: string, { digest }: Descriptor): Promise<Uint8Array> {
  const bytes = await smallFile(join(folder, blobPath(digest)));
  if (bytes !== undefined && canonicalDigest(bytes) === digest) return bytes;
  throw new ExporterError(
    `${folder} is damaged: ${digest} is ${bytes === undefined ? 'missing' : 'not what it was'}`,
    {
      code: 'CACHE_INVALID',
      hint: 'remove the folder',
    },
  );
}

/** `undefined` when there is none. */
async function smallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_MANIFEST_BYTES)
      throw new ExporterError(`${path} has ${size} bytes, more than ${MAX_MANIFEST_BYTES}`, {
        code: 'CACHE_INVALID',
      });
    return await readFile(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function file(path: string, bytes: Uint8Array): ArchiveEntry {
  return { path, mode: 0o444, size: bytes.byteLength, open: () => once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
