// SPDX-License-Identifier: MIT
import type { Descriptor, Digest, Reference } from '@img-build/oci';
import type { AbortOptions, ProgressOptions } from './abort.ts';

/** A manifest or index as the registry served it. */
export interface ResolvedManifest {
  readonly descriptor: Descriptor;
  /** The exact bytes. */
  readonly bytes: Uint8Array;
}

/** Turns names into descriptors. */
export interface Resolver {
  /**
   * The descriptor a reference points to now: one HEAD where the registry answers it well, never a blob.
   *
   * @throws RegistryError with `code` `REGISTRY_NOT_FOUND`, `REGISTRY_UNAUTHORIZED`, `REGISTRY_DENIED`,
   *   `REGISTRY_UNREACHABLE`, `REGISTRY_RATE_LIMITED`, `REGISTRY_TLS`, `REGISTRY_PROTOCOL` …
   */
  resolve(reference: Reference, options?: AbortOptions): Promise<Descriptor>;
}

/** Reads from a registry. */
export interface Fetcher {
  /** A manifest or index by digest or tag, verified. */
  manifest(reference: Reference, options?: AbortOptions): Promise<ResolvedManifest>;
  /** A blob's bytes from `offset` on; size and digest are verified when read from 0 to the end; resumes on its own. */
  blob(
    reference: Reference,
    descriptor: Descriptor,
    options?: AbortOptions & ProgressOptions & { readonly offset?: number | undefined },
  ): AsyncIterable<Uint8Array>;
}

/** Bytes that can be read again from any offset. */
export interface BlobSource {
  readonly descriptor: Descriptor;
  open(offset: number): AsyncIterable<Uint8Array>;
  /** Repositories on the same registry that have the blob. */
  readonly mountFrom?: readonly string[] | undefined;
}

/** What a push of a blob did. */
export type PushOutcome = 'existed' | 'mounted' | 'uploaded';

/** Writes to a registry. */
export interface Pusher {
  pushBlob(
    reference: Reference,
    blob: BlobSource,
    options?: AbortOptions & ProgressOptions,
  ): Promise<PushOutcome>;
  /** Pushes the exact bytes under the reference's tag, or by digest when it has none. */
  pushManifest(
    reference: Reference,
    mediaType: string,
    bytes: Uint8Array,
    options?: AbortOptions,
  ): Promise<Digest>;
}

/** All of it. */
export interface RegistryPort extends Resolver, Fetcher, Pusher {}

/** What can be known of a blob, or done for it, without its bytes. */
export interface BlobPresence {
  /** Tells whether the repository has the blob; a registry that will not say counts as no. */
  hasBlob(
    reference: Pick<Reference, 'domain' | 'path'>,
    descriptor: Descriptor,
    options?: AbortOptions,
  ): Promise<boolean>;
  /** Makes a blob of the repository `from` of the same registry known in this one; false when it will not. */
  mountBlob(
    reference: Pick<Reference, 'domain' | 'path'>,
    descriptor: Descriptor,
    from: string,
    options?: AbortOptions,
  ): Promise<boolean>;
}
