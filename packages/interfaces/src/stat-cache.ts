// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';

/** What stat(2) says about a file; equal stamps mean unchanged content. */
export interface FileStamp {
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since the Unix epoch. */
  readonly modified: bigint;
  readonly changed: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  readonly mode: number;
}

/** A file's content digest as computed when it had `stamp`. */
export interface StampedDigest {
  readonly stamp: FileStamp;
  readonly digest: Digest;
}

/** Remembers content digests of the files below one host folder, so that an unchanged file is not read again. */
export interface StatCache {
  /** All entries of a folder, by path below it. */
  load(folder: string): ReadonlyMap<string, StampedDigest>;
  /** Replaces the entries of a folder. */
  save(folder: string, entries: ReadonlyMap<string, StampedDigest>): void;
}
