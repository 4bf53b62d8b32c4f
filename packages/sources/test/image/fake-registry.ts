// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type { ImageRecord, ImageStore, RegistryPort } from '@img-build/interfaces';
import {
  canonicalDigest,
  type Descriptor,
  type Digest,
  formatReference,
  type ImageConfig,
  MEDIA_TYPES,
  type Platform,
} from '@img-build/oci';

/** A registry in memory that counts what is asked of it. */
export interface FakeRegistry extends RegistryPort {
  readonly asked: string[];
  readonly blobs: Map<Digest, Uint8Array>;
  readonly tags: Map<string, Descriptor>;
  /** Breaks the next blob after this many bytes. */
  breakAfter: number | undefined;
  unreachable: boolean;
}

/** Creates an empty registry. */
export function createFakeRegistry(): FakeRegistry {
  const blobs = new Map<Digest, Uint8Array>();
  const types = new Map<Digest, string>();
  const tags = new Map<string, Descriptor>();
  const asked: string[] = [];
  const registry: FakeRegistry = {
    asked,
    blobs,
    tags,
    breakAfter: undefined,
    unreachable: false,
    async resolve(reference) {
      const name = formatReference(reference);
      asked.push(`HEAD ${name}`);
      if (registry.unreachable) throw new ToolError('no route', { code: 'REGISTRY_UNREACHABLE' });
      const found = tags.get(name);
      if (found === undefined) throw new ToolError(`${name}: not found`, { code: 'REGISTRY_NOT_FOUND' });
      types.set(found.digest, found.mediaType);
      return found;
    },
    async manifest(reference) {
      asked.push(`GET ${formatReference(reference)}`);
      const digest = reference.digest ?? tags.get(formatReference(reference))?.digest;
      const bytes = digest === undefined ? undefined : blobs.get(digest);
      if (digest === undefined || bytes === undefined)
        throw new ToolError('not found', { code: 'REGISTRY_NOT_FOUND' });
      return { bytes, descriptor: { mediaType: types.get(digest) ?? '', digest, size: bytes.byteLength } };
    },
    async *blob(_reference, descriptor, { offset = 0, signal } = {}) {
      asked.push(`BLOB ${descriptor.digest} ${offset}`);
      const bytes = blobs.get(descriptor.digest);
      if (bytes === undefined) throw new ToolError('not found', { code: 'REGISTRY_NOT_FOUND' });
      for (let at = offset; at < bytes.byteLength; at += 4) {
        signal?.throwIfAborted();
        if (registry.breakAfter !== undefined && at >= registry.breakAfter) {
          registry.breakAfter = undefined;
          throw new ToolError('connection lost', { code: 'REGISTRY_UNREACHABLE' });
        }
        yield bytes.subarray(at, at + 4);
      }
    },
    pushBlob: async () => 'uploaded',
    pushManifest: async (_reference, _mediaType, bytes) => canonicalDigest(bytes),
  };
  return registry;
}

/** An image of one platform, put into the registry. */
export function addImage(
  registry: FakeRegistry,
  layers: readonly string[],
  platform: Platform = { os: 'linux', architecture: 'amd64' },
): Descriptor & { readonly config: ImageConfig } {
  const descriptors = layers.map((text) => add(registry, MEDIA_TYPES.ociLayer, Buffer.from(text)));
  const config: ImageConfig = {
    ...platform,
    rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
  };
  const configDescriptor = add(registry, MEDIA_TYPES.ociConfig, json(config));
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: configDescriptor,
    layers: descriptors,
  };
  return { ...add(registry, MEDIA_TYPES.ociManifest, json(manifest)), platform, config };
}

/** An index of images, put into the registry. */
export function addIndex(
  registry: FakeRegistry,
  manifests: readonly (Descriptor & { readonly config?: unknown })[],
): Descriptor {
  return add(
    registry,
    MEDIA_TYPES.ociIndex,
    json({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: manifests.map(({ mediaType, digest, size, platform }) => ({
        mediaType,
        digest,
        size,
        platform,
      })),
    }),
  );
}

/** Image names without a database. */
export function memoryImageStore(): ImageStore {
  const records = new Map<string, ImageRecord>();
  return {
    get: (name) => records.get(name),
    put(name, target) {
      const record: ImageRecord = { name, target, createdAt: 0, updatedAt: 0 };
      records.set(name, record);
      return record;
    },
    remove: (name) => records.delete(name),
    list: () => [...records.values()],
  };
}

function add({ blobs }: FakeRegistry, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = canonicalDigest(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.byteLength };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
