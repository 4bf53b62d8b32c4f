// SPDX-License-Identifier: MIT
import type { Descriptor } from '@img-build/oci';

/** A named image. */
export interface ImageRecord {
  /** Normalised, with tag: `docker.io/library/alpine:3`. */
  readonly name: string;
  readonly target: Descriptor;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Names of images. Synchronous: one row each in a local database. */
export interface ImageStore {
  get(name: string): ImageRecord | undefined;
  /** Creates or moves a name; `createdAt` of an existing one is kept. */
  put(name: string, target: Descriptor): ImageRecord;
  /** False when there was none. */
  remove(name: string): boolean;
  list(): readonly ImageRecord[];
}
