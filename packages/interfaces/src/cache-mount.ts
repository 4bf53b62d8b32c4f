// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { AbortOptions, ProgressOptions } from './abort.ts';
import type { Compression, Layer } from './layer.ts';

/** Whose a folder is, and what others may do with it. */
export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
}

/** What a cache mount held when it was saved. */
export interface SavedCacheMount {
  /** Its content, relative to the mount; times to the nanosecond. */
  readonly layer: Layer;
  /** Of the mount's own folder. */
  readonly owner: FolderOwner;
}

/** How to save a cache mount. */
export interface SaveCacheMountOptions extends AbortOptions, ProgressOptions {
  readonly compression?: Compression | undefined;
  readonly compressionLevel?: number | undefined;
}

/** A saved cache mount to put back. */
export interface RestoreCacheMountRequest {
  /** Key of the snapshot. */
  readonly key: string;
  /** The cache's id. */
  readonly label: string;
  /** A tar, plain or packed, in the content store. */
  readonly blob: Digest;
  readonly owner: FolderOwner;
  /** Whether a mount that is there goes; otherwise it stays as it is. */
  readonly replace: boolean;
}

/** Cache mounts, seen from the main process. Whoever uses a mount keeps these calls waiting, and the other way round. */
export interface CacheMountWork {
  /** Packs a cache mount into the content store; `undefined` when there is none of that key. */
  saveCacheMount(key: string, options?: SaveCacheMountOptions): Promise<SavedCacheMount | undefined>;
  /**
   * Makes a cache mount from a saved one: completely or not at all. False when one is there that is not to be replaced.
   *
   * @throws LayerError `LAYER_INVALID`, `LAYER_TOO_LARGE`, `LAYER_NO_SPACE`
   */
  restoreCacheMount(request: RestoreCacheMountRequest, options?: AbortOptions): Promise<boolean>;
}
