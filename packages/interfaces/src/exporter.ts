// SPDX-License-Identifier: MIT
import type { Descriptor, Digest, ImageConfig, Platform } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';
import type { CacheGraph } from './cache-transfer.ts';
import type { DiffOptions, Layer } from './layer.ts';
import type { Tree } from './tree.ts';

/** The result of a build for one platform. */
export interface PlatformResult {
  readonly platform: Platform;
  /** As the frontend made it; `rootfs` is filled in by the exporter. History has one entry per instruction. */
  readonly config: ImageConfig;
  /** The layers from bottom to top, made or fetched where there is no blob yet. */
  layers(options?: DiffOptions): Promise<readonly Layer[]>;
  /**
   * What is known of the steps that made this result, to go into the image's config; absent unless an inline cache was
   * asked for. Results whose layers are not all among `layers` are left out by the exporter.
   */
  inlineCache?(layers: readonly Layer[], options?: AbortOptions): Promise<CacheGraph>;
  /** The file system, unpacked. */
  tree(options?: AbortOptions): Promise<Tree>;
}

/** What an exporter is given. */
export interface ExportInput {
  /** In the order asked for; one gives a manifest, several an index. */
  readonly platforms: readonly PlatformResult[];
  /** Normalised image names. */
  readonly names: readonly string[];
  /** Seconds since the Unix epoch, from SOURCE_DATE_EPOCH. */
  readonly epoch?: number | undefined;
}

/** Reports the sub-steps of an export (`exporting layers`, `exporting manifest sha256:…`, `naming to …`). */
export type ExportProgress = <T>(step: string, work: () => Promise<T>) => Promise<T>;

/** How to export. */
export interface ExportOptions extends AbortOptions {
  readonly progress: ExportProgress;
}

/** What came of it; keys as in BuildKit's metadata file (`containerimage.digest` …). */
export interface ExportResult {
  readonly descriptor?: Descriptor | undefined;
  readonly configDigest?: Digest | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Takes a result out of the build. */
export interface Exporter {
  /** What progress shows: `exporting to image` … */
  readonly title: string;
  export(input: ExportInput, options: ExportOptions): Promise<ExportResult>;
}
