// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { AbortOptions } from '@img-build/interfaces';
import {
  canonicalDigest,
  type Descriptor,
  type Digest,
  formatReference,
  isReference,
  MAX_CONFIG_BYTES,
  type Manifest,
  MEDIA_TYPES,
  parseImageConfig,
  parseReference,
  type Reference,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageReader } from './image-places.ts';
import type { LayoutFiles } from './layout-files.ts';

/** An archive in docker's own form, before it was an image layout as well. */
export interface DockerArchive {
  readonly place: string;
  readonly files: LayoutFiles;
  readonly reference: Reference | undefined;
}

interface DockerItem {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

const MAX_LIST = 4 * 1024 * 1024;

/**
 * Opens an image of docker's `manifest.json`. It has no manifest: one is made, always the same for the same archive, whose
 * layers are the archive's files as they are.
 *
 * @throws RegistryError `REGISTRY_ARCHIVE_INVALID`, `REGISTRY_NOT_FOUND`
 */
export async function dockerItemReader(archive: DockerArchive, options: AbortOptions): Promise<ImageReader> {
  const { files, place, reference } = archive;
  const item = choose(archive, itemsFrom(place, await read(archive, 'manifest.json', MAX_LIST)));
  const config = await read(archive, item.config, MAX_CONFIG_BYTES);
  const { rootfs } = parseImageConfig(config);
  if (rootfs.diff_ids.length !== item.layers.length)
    throw invalid(place, `it has ${item.layers.length} layers, its config ${rootfs.diff_ids.length}`);
  const paths = new Map<Digest, string>();
  const layers: Descriptor[] = [];
  for (const path of item.layers) {
    const layer = await describeLayer(archive, path, options);
    paths.set(layer.digest, path);
    layers.push(layer);
  }
  const configDigest = canonicalDigest(config);
  paths.set(configDigest, item.config);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: configDigest, size: config.byteLength },
    layers,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = {
    mediaType: MEDIA_TYPES.ociManifest,
    digest: canonicalDigest(bytes),
    size: bytes.byteLength,
  };
  const document: FetchedManifest = {
    kind: 'manifest',
    mediaType: MEDIA_TYPES.ociManifest,
    manifest,
    descriptor,
    bytes,
  };
  return {
    reference: reference ?? parseReference(item.names[0] ?? 'archive'),
    target: async () => descriptor,
    async manifest(digest) {
      if (digest === descriptor.digest) return document;
      throw new RegistryError(`${place} has no manifest ${digest}`, { code: 'REGISTRY_NOT_FOUND' });
    },
    async *blob({ digest }, { offset = 0, signal, onProgress }) {
      let sent = 0;
      for await (const chunk of files.open(paths.get(digest) ?? '', offset, signal)) {
        sent += chunk.byteLength;
        onProgress?.(sent);
        yield chunk;
      }
    },
    async *referrers() {},
    close: async () => await files.close(),
  };
}

function itemsFrom(place: string, bytes: Uint8Array): readonly DockerItem[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Reported below, like every other file of the wrong form.
  }
  if (!Array.isArray(value)) throw invalid(place, 'its manifest.json is no list');
  return value.map((entry: unknown) => {
    const { Config, RepoTags, Layers } = (entry ?? {}) as Record<string, unknown>;
    if (typeof Config !== 'string' || !isTexts(Layers))
      throw invalid(place, 'its manifest.json is incomplete');
    return { config: Config, layers: Layers, names: isTexts(RepoTags) ? RepoTags : [] };
  });
}

function choose({ place, reference }: DockerArchive, items: readonly DockerItem[]): DockerItem {
  const wanted = reference === undefined ? undefined : formatReference(reference);
  const fitting =
    wanted === undefined
      ? items
      : items.filter(({ names }) =>
          names.some((name) => isReference(name) && formatReference(parseReference(name)) === wanted),
        );
  const [first, second] = fitting;
  if (first !== undefined && (second === undefined || wanted !== undefined)) return first;
  const names = items.flatMap((item) => item.names);
  throw new RegistryError(
    first === undefined ? `${place} has no such image` : `${place} holds several images`,
    { code: 'REGISTRY_NOT_FOUND', hint: `it has ${names.slice(0, 20).join(', ') || 'none with a name'}` },
  );
}

async function describeLayer(
  { files, place }: DockerArchive,
  path: string,
  { signal }: AbortOptions,
): Promise<Descriptor> {
  const size = await files.size(path);
  if (size === undefined) throw invalid(place, `its layer ${path} is missing`);
  const hash = createHash('sha256');
  let magic: number | undefined;
  for await (const chunk of files.open(path, 0, signal)) {
    magic ??= Buffer.from(chunk).readUInt32BE(0);
    hash.update(chunk);
  }
  const mediaType =
    (magic ?? 0) >>> 16 === 0x1f8b
      ? MEDIA_TYPES.ociLayerGzip
      : magic === 0x28b52ffd
        ? MEDIA_TYPES.ociLayerZstd
        : MEDIA_TYPES.ociLayer;
  return { mediaType, digest: `sha256:${hash.digest('hex')}`, size };
}

async function read({ files, place }: DockerArchive, path: string, limit: number): Promise<Buffer> {
  const size = await files.size(path);
  if (size === undefined) throw invalid(place, `it has no ${path}`);
  if (size > limit) throw invalid(place, `${path} has ${size} bytes, more than ${limit}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.open(path, 0, undefined)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(place: string, why: string): RegistryError {
  return new RegistryError(`${place} is no image archive: ${why}`, { code: 'REGISTRY_ARCHIVE_INVALID' });
}
