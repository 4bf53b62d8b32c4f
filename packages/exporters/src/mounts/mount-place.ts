// SPDX-License-Identifier: MIT
import type { AbortOptions, ProgressOptions } from '@img-build/interfaces';
import type { Descriptor, Digest } from '@img-build/oci';
import type { SavedMount } from './saved-mount.ts';

/** What writing did. */
export interface MountsWritten {
  /** Of the manifest. */
  readonly digest: Digest;
  /** Whether the place held something else before. */
  readonly changed: boolean;
}

/** Where saved cache mounts are kept. */
export interface MountPlace {
  /** For messages: a reference, or a path. */
  readonly name: string;
  /**
   * What is there; `undefined` when the place is empty.
   *
   * @throws ExporterError `CACHE_INVALID` when something else is there; RegistryError; errors of the file system
   */
  read(options?: AbortOptions): Promise<readonly SavedMount[] | undefined>;
  /** The bytes of a layer that `read` named; not verified. */
  open(descriptor: Descriptor, options?: AbortOptions & ProgressOptions): AsyncIterable<Uint8Array>;
  /**
   * Adds mounts whose layers are in the content store; those of the same id go, all others stay. Layers that are there
   * are not sent, and readers see the old mounts or the new ones.
   *
   * @throws as `read`
   */
  add(mounts: readonly SavedMount[], options?: AbortOptions): Promise<MountsWritten>;
}
