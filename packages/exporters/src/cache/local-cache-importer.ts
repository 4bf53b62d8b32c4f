// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, CacheImporter } from '@img-build/interfaces';
import { type Descriptor, type Digest, MAX_MANIFEST_BYTES, parseIndex } from '@img-build/oci';
import { blobPath } from '../archive/layout.ts';
import { ExporterError } from '../exporter-error.ts';
import { readCaches } from './cache-documents.ts';
import { brokenCache } from './cache-error.ts';
import { readWhole } from './read-whole.ts';

/** Where a cache is read from. */
export interface LocalCacheImporterOptions {
  /** Absolute path of the OCI layout. */
  readonly folder: string;
  /** `latest` by default. */
  readonly tag?: string | undefined;
  /** Of the manifest; wins over the tag, and need not be in the index. */
  readonly digest?: Digest | undefined;
}

const TAG = 'org.opencontainers.image.ref.name';

/**
 * Creates the importer of a cache from an OCI layout: one that was exported there, or an image with an inline cache.
 *
 * @throws on `load`: ExporterError `CACHE_NOT_FOUND`, `CACHE_INVALID`; OciError; errors of the file system
 */
export function createLocalCacheImporter({
  folder,
  tag = 'latest',
  digest,
}: LocalCacheImporterOptions): CacheImporter {
  return {
    title: `importing cache manifest from local:${folder}`,
    async load(options = {}) {
      const target = digest === undefined ? await tagged(folder, tag, options) : { digest, mediaType: '' };
      const graphs = await readCaches(
        { mediaType: target.mediaType, bytes: await readBlob(folder, target.digest, options) },
        {
          manifest: async (child, abort) => await readBlob(folder, child, abort),
          blob: async (config, abort) =>
            await readWhole(await openFile(folder, blobPath(config.digest), config.size, abort), config),
        },
        options,
      );
      return graphs.map((graph) => ({ graph, remote: `oci-layout:${folder}` }));
    },
  };
}

async function tagged(folder: string, tag: string, options: AbortOptions): Promise<Descriptor> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await openFile(folder, 'index.json', MAX_MANIFEST_BYTES, options))
    chunks.push(chunk);
  const { manifests } = parseIndex(Buffer.concat(chunks));
  const found = manifests.find(({ annotations }) => annotations?.[TAG] === tag);
  if (found !== undefined) return found;
  const tags = manifests.flatMap(({ annotations }) => annotations?.[TAG] ?? []);
  throw new ExporterError(`the folder ${folder} has no cache tagged ${JSON.stringify(tag)}`, {
    code: 'CACHE_NOT_FOUND',
    ...(tags.length === 0 ? {} : { hint: `it has ${tags.slice(0, 20).join(', ')}` }),
  });
}

async function readBlob(folder: string, digest: Digest, options: AbortOptions): Promise<Uint8Array> {
  const path = blobPath(digest);
  const size = await sizeOf(folder, path);
  return await readWhole(await openFile(folder, path, MAX_MANIFEST_BYTES, options), { digest, size });
}

async function openFile(
  folder: string,
  path: string,
  limit: number,
  { signal }: AbortOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const size = await sizeOf(folder, path);
  if (size > limit)
    throw brokenCache(`${path} in ${folder} has ${size} bytes, more than the ${limit} expected`);
  return createReadStream(join(folder, path), signal === undefined ? {} : { signal });
}

async function sizeOf(folder: string, path: string): Promise<number> {
  try {
    return (await stat(join(folder, path))).size;
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new ExporterError(`the folder ${folder} holds no cache: it has no ${path}`, {
      code: 'CACHE_NOT_FOUND',
      cause,
    });
  }
}
