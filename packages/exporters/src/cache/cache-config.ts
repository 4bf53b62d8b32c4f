// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';

/** Media type of the document that lists a cache's records. @see BuildKit, cache/remotecache/v1/spec.go */
export const CACHE_CONFIG_TYPE = 'application/vnd.buildkit.cacheconfig.v0';

/** Member of an image config that carries an inline cache: base64 of the JSON list of records. */
export const INLINE_CACHE_KEY = 'moby.buildkit.cache.v0';

/** Bytes that BuildKit reads at most of a config or a manifest; nothing larger is written. */
export const MAX_WRITTEN_BYTES: number = 1024 * 1024;

/** Annotations that a cache manifest has on its layers. */
export const LAYER_ANNOTATIONS = {
  diffId: 'containerd.io/uncompressed',
  createdAt: 'buildkit/createdat',
  description: 'buildkit/description',
} as const;

/** A layer on top of another; `parent` is its place in the list, −1 is none and absent is 0. */
export interface ConfigLayer {
  readonly blob: Digest;
  readonly parent?: number | undefined;
}

/** A result that is a layer with all its parents. */
export interface ConfigResult {
  readonly layer: number;
  readonly createdAt: string;
}

/** A result that is a list of layers from bottom to top, whatever their parents are. */
export interface ConfigChain {
  readonly layers: readonly number[];
  readonly createdAt: string;
}

/** One way to reach a record at one of its inputs. */
export interface ConfigInput {
  readonly selector?: Digest | undefined;
  readonly link: number;
}

/** A record; `inputs[i]` lists the alternatives for input i. Members are in the order Go writes them. */
export interface ConfigRecord {
  readonly layers?: readonly ConfigResult[] | undefined;
  readonly chains?: readonly ConfigChain[] | undefined;
  readonly digest: Digest;
  readonly inputs?: readonly (readonly ConfigInput[])[] | undefined;
}

/** The document itself. */
export interface CacheConfig {
  readonly layers?: readonly ConfigLayer[] | undefined;
  readonly records?: readonly ConfigRecord[] | undefined;
}
