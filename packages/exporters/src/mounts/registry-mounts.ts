// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ContentReader, Fetcher, Pusher, ResolvedManifest } from '@img-build/interfaces';
import { familiarReference, type Platform, type Reference } from '@img-build/oci';
import { mountDocuments, readMountManifest } from './mount-documents.ts';
import type { MountPlace } from './mount-place.ts';
import { mergeMounts } from './saved-mount.ts';

/** Cache mounts in a registry. */
export interface RegistryMountsOptions {
  readonly reference: Reference;
  readonly content: ContentReader;
  readonly registry: () => Promise<Fetcher & Pusher>;
  /** What the manifest says it is for. */
  readonly platform: Platform;
}

/** Creates the place of cache mounts that a reference names. */
export function createRegistryMounts(options: RegistryMountsOptions): MountPlace {
  const { reference, content, registry, platform } = options;
  const name = familiarReference(reference);

  async function manifest(abort: AbortOptions): Promise<ResolvedManifest | undefined> {
    try {
      return await (await registry()).manifest(reference, abort);
    } catch (error) {
      if (isToolError(error, 'REGISTRY_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Some registries deny reading what does not exist yet; whether it may be written, the push tells. */
  async function presentForWriting(abort: AbortOptions): Promise<ResolvedManifest | undefined> {
    try {
      return await manifest(abort);
    } catch (error) {
      if (isToolError(error, 'REGISTRY_DENIED', 'REGISTRY_UNAUTHORIZED')) return undefined;
      throw error;
    }
  }

  return {
    name,
    async read(abort = {}) {
      const found = await manifest(abort);
      return found === undefined ? undefined : readMountManifest(found.bytes, name);
    },
    async *open(descriptor, abort = {}) {
      yield* (await registry()).blob(reference, descriptor, abort);
    },
    async add(mounts, abort = {}) {
      const present = await presentForWriting(abort);
      const before = present === undefined ? [] : readMountManifest(present.bytes, name);
      const { config, manifest: made } = mountDocuments(mergeMounts(before, mounts), platform);
      const { digest } = made.descriptor;
      if (present?.descriptor.digest === digest) return { digest, changed: false };
      const pusher = await registry();
      for (const { layer } of mounts) {
        const { descriptor } = layer;
        const open = (offset: number): AsyncIterable<Uint8Array> =>
          content.open(descriptor.digest, { offset, ...abort });
        await pusher.pushBlob(reference, { descriptor, open }, abort);
      }
      const open = (offset: number): AsyncIterable<Uint8Array> => once(config.bytes.subarray(offset));
      await pusher.pushBlob(reference, { descriptor: config.descriptor, open }, abort);
      await pusher.pushManifest(reference, made.descriptor.mediaType, made.bytes, abort);
      return { digest, changed: true };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
