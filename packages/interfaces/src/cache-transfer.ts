// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';
import type { Layer } from './layer.ts';
import type { CacheKeyStore, ResultStore } from './solver.ts';

/** A cache record on its way out or in; `inputs[i]` lists the alternatives for dependency i. */
export interface CacheGraphRecord {
  readonly digest: Digest;
  readonly inputs: readonly (readonly {
    readonly record: number;
    readonly selector?: Digest | undefined;
  }[])[];
  readonly results: readonly { readonly layers: readonly Layer[]; readonly createdAt: number }[];
}

/** What a cache config holds. @see BuildKit, cache/remotecache/v1 */
export interface CacheGraph {
  readonly records: readonly CacheGraphRecord[];
}

/** Writes a cache to a registry, a folder or an image. */
export interface CacheExporter {
  export(graph: CacheGraph, options?: AbortOptions): Promise<void>;
}

/** Reads a cache; blobs are fetched only when a result is loaded. */
export interface CacheImporter {
  load(options?: AbortOptions): Promise<{ readonly keys: CacheKeyStore; readonly results: ResultStore }>;
}
