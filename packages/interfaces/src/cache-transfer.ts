// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';
import type { ExportOptions } from './exporter.ts';
import type { Layer } from './layer.ts';

/** A result of a cache record: a file system as layers from bottom to top. */
export interface CacheGraphResult {
  readonly layers: readonly Layer[];
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** A cache record on its way out or in; `inputs[i]` lists the alternatives for dependency i. */
export interface CacheGraphRecord {
  readonly digest: Digest;
  readonly inputs: readonly (readonly {
    readonly record: number;
    readonly selector?: Digest | undefined;
  }[])[];
  readonly results: readonly CacheGraphResult[];
}

/** What a cache config holds. @see BuildKit, cache/remotecache/v1 */
export interface CacheGraph {
  readonly records: readonly CacheGraphRecord[];
}

/** How to export a cache. */
export interface CacheExportOptions extends ExportOptions {
  /** Brings a layer's blob into the content store; called only for layers that the destination lacks. */
  readonly provide: (layer: Layer, options?: AbortOptions) => Promise<void>;
}

/** Writes a cache to a registry or a folder. */
export interface CacheExporter {
  /** What progress shows: `exporting cache to registry` … */
  readonly title: string;
  export(graph: CacheGraph, options: CacheExportOptions): Promise<void>;
}

/** A cache as it was read. Its blobs stay where they are until a result is used. */
export interface ImportedCache {
  readonly graph: CacheGraph;
  /** Where the blobs can be fetched from, as in the `remote` of a cache record. */
  readonly remote: string;
}

/** Reads a cache from a registry, a folder or an image. */
export interface CacheImporter {
  /** What progress shows: `importing cache manifest from REF`. */
  readonly title: string;
  /** One per manifest: an image index with inline caches has one per platform. */
  load(options?: AbortOptions): Promise<readonly ImportedCache[]>;
}
