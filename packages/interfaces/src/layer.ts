// SPDX-License-Identifier: MIT
import type { Descriptor, Digest } from '@img-build/oci';
import type { AbortOptions, ProgressOptions } from './abort.ts';
import type { Mount } from './mount.ts';

/** How a layer's tar is packed. */
export type Compression = 'gzip' | 'zstd' | 'uncompressed';

/** A layer that exists as a blob. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
}

/** How to apply a layer. */
export interface ApplyOptions extends AbortOptions, ProgressOptions {
  /** Expected digest of the uncompressed tar. */
  readonly diffId?: Digest | undefined;
  /**
   * Resolves once the lower folders of an overlay mount are complete. Until then the applier writes only what needs
   * no look at them, so that the layers of one image can be applied at once.
   */
  readonly lowerReady?: Promise<void> | undefined;
}

/** What applying a layer did. */
export interface ApplyResult {
  readonly diffId: Digest;
  /** Bytes of file content written. */
  readonly size: number;
}

/**
 * Unpacks layers. Writes into the upper folder of an overlay mount or the source of a writable bind mount, without
 * mounting; whiteouts become the overlay's own marks or removals. Nothing outside that folder is ever touched.
 */
export interface Applier {
  /** @throws LayerError `LAYER_DIGEST_MISMATCH`, `LAYER_DIFF_ID_MISMATCH`, `LAYER_INVALID`, `LAYER_UNSUPPORTED`, `LAYER_TOO_LARGE`, `LAYER_NO_SPACE` */
  apply(layer: Descriptor, mounts: readonly Mount[], options?: ApplyOptions): Promise<ApplyResult>;
}

/** How to make a layer. */
export interface DiffOptions extends AbortOptions, ProgressOptions {
  readonly compression?: Compression | undefined;
  readonly compressionLevel?: number | undefined;
  /** OCI media types (default) or docker's. */
  readonly mediaTypes?: 'oci' | 'docker' | undefined;
  /** Seconds since the Unix epoch; later times in the layer become this one. */
  readonly rewriteTimestamp?: number | undefined;
}

/**
 * Makes a layer from what `upper` changed on top of `lower`, and stores it in the content store. Deterministic:
 * the same two trees give the same bytes.
 */
export interface Differ {
  diff(lower: readonly Mount[], upper: readonly Mount[], options?: DiffOptions): Promise<Layer>;
}
