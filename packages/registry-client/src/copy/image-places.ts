// SPDX-License-Identifier: MIT
import type { AbortOptions, BlobSource, Closable, ProgressOptions, PushOutcome } from '@img-build/interfaces';
import type { Descriptor, Digest, Reference } from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import type { DocumentReader } from '../endpoints/resolve-platform.ts';

/** How to read a blob. */
export interface ReadBlobOptions extends AbortOptions, ProgressOptions {
  /** First byte to read; default 0. */
  readonly offset?: number | undefined;
}

/** One image to copy. */
export interface ImageReader extends DocumentReader, Closable {
  /** For messages; the registry and repository where it is in one. */
  readonly reference: Reference;
  /** Blobs can be mounted from here when the image goes to the same registry. */
  readonly repository?: Pick<Reference, 'domain' | 'path'> | undefined;
  /** What the image's name leads to. */
  target(options: AbortOptions): Promise<Descriptor>;
  blob(descriptor: Descriptor, options: ReadBlobOptions): AsyncIterable<Uint8Array>;
  /** What refers to one of its manifests. */
  referrers(digest: Digest, options: AbortOptions): AsyncIterable<Descriptor>;
}

/** Where an image is copied to. Blobs come first, then manifests after their children, then the target. */
export interface ImageWriter extends Closable {
  readonly repository?: Pick<Reference, 'domain' | 'path'> | undefined;
  /** Holds one image of one platform. */
  readonly isSingle: boolean;
  blob(source: BlobSource, options: AbortOptions & ProgressOptions): Promise<PushOutcome>;
  manifest(document: FetchedManifest, options: AbortOptions): Promise<void>;
  /** Gives the image its name; everything it needs is there. */
  finish(
    target: FetchedManifest,
    referrers: readonly FetchedManifest[],
    options: AbortOptions,
  ): Promise<void>;
}
