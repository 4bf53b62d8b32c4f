// SPDX-License-Identifier: MIT
import type { Descriptor, Digest, ImageConfig, Platform, Reference } from '@img-build/oci';
import type { AbortOptions, ProgressOptions } from './abort.ts';
import type { Tree } from './tree.ts';

/** A layer of an image that may still be at the registry. */
export interface RemoteLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Normalised image reference the blob can be fetched from in a later build too. */
  readonly remote?: string | undefined;
  /** Brings the blob into the content store; does nothing when it is there. */
  fetch(options?: AbortOptions & ProgressOptions): Promise<void>;
}

/** What a source gives. */
export type SourceContent =
  | { readonly type: 'layers'; readonly layers: readonly RemoteLayer[]; readonly description: string }
  | { readonly type: 'tree'; readonly tree: Tree; readonly description: string };

/** A source as LLB names it. */
export interface SourceIdentifier {
  /** `docker-image://docker.io/library/alpine:3`, `local://context`, `git://…`, `https://…`, `oci-layout://…` */
  readonly identifier: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly platform?: Platform | undefined;
}

/** One source, pinned: all answers are about the same content. */
export interface SourceInstance {
  /**
   * The n-th key of the content, in BuildKit's form before hashing with `buildkit.source.v0:`; `done` when there is no
   * further one. A key that starts with `session:` is never shared.
   */
  cacheKey(index: number, options?: AbortOptions): Promise<{ readonly key: string; readonly done: boolean }>;
  /** The content, lazily: layers are not fetched. `onProgress` is told of bytes that had to be read for it. */
  content(options?: AbortOptions & ProgressOptions): Promise<SourceContent>;
}

/** Opens sources of one or more schemes. */
export interface Source {
  /** Without `://`. */
  readonly schemes: readonly string[];
  open(source: SourceIdentifier, options?: AbortOptions): Promise<SourceInstance>;
}

/** An image's config as the frontend needs it. */
export interface ResolvedImageConfig {
  /** Digest of what the reference names: the index when it is one. */
  readonly digest: Digest;
  readonly config: ImageConfig;
  /** The config's exact bytes. */
  readonly bytes: Uint8Array;
}

/** Gives the frontend what it must know about base images; never fetches a layer. */
export interface ImageConfigResolver {
  /**
   * @param platform - the one wanted; an image made for another single platform is an error that lists what there is.
   */
  resolveImageConfig(
    reference: Reference,
    platform: Platform,
    options?: AbortOptions,
  ): Promise<ResolvedImageConfig>;
}
