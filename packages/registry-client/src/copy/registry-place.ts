// SPDX-License-Identifier: MIT
import { atDigest, type Reference } from '@img-build/oci';
import type { RegistryClient } from '../registry-client.ts';
import type { ImageReader, ImageWriter } from './image-places.ts';

/** An image in a registry. */
export function registryReader(client: RegistryClient, reference: Reference): ImageReader {
  return {
    reference,
    repository: reference,
    target: async (options) => await client.resolve(reference, options),
    manifest: async (digest, options) => await client.manifest(atDigest(reference, digest), options),
    blob: (descriptor, options) => client.blob(reference, descriptor, options),
    referrers: (digest, options) => client.referrers({ ...reference, digest }, options),
    close: async () => {},
  };
}

/** A repository of a registry, where the image gets the reference's tag, or none. */
export function registryWriter(client: RegistryClient, reference: Reference): ImageWriter {
  return {
    repository: reference,
    isSingle: false,
    blob: async (source, options) => await client.pushBlob(reference, source, options),
    async manifest({ descriptor, bytes }, options) {
      await client.pushManifest(atDigest(reference, descriptor.digest), descriptor.mediaType, bytes, options);
    },
    async finish({ descriptor, bytes }, _referrers, options) {
      await client.pushManifest(reference, descriptor.mediaType, bytes, options);
    },
    close: async () => {},
  };
}
