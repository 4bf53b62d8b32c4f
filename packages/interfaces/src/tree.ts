// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';

/** A folder of the host, seen through filters; nothing outside the filters is read. */
export interface HostTree {
  readonly type: 'host';
  /** Absolute path of the folder. */
  readonly path: string;
  /** Patterns as in BuildKit's local source: only these paths (and their parents) exist. */
  readonly include?: readonly string[] | undefined;
  /** Rules as in .dockerignore: these paths do not exist. */
  readonly exclude?: readonly string[] | undefined;
  /** Paths to follow through symlinks when deciding what exists; wildcards allowed. */
  readonly followPaths?: readonly string[] | undefined;
  /** Everything belongs to 0:0, as for a folder sent by a client. */
  readonly rootOwned: boolean;
  /** Who owns everything below the folder of a tree that is `rootOwned`, instead of 0:0. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A committed snapshot. */
export interface SnapshotTree {
  readonly type: 'snapshot';
  /** Name of the committed snapshot. */
  readonly name: string;
}

/** A tree of files that can be read; JSON-safe, so that it can be handed to the worker. */
export type Tree = { readonly type: 'empty' } | SnapshotTree | HostTree;

/**
 * A part of a tree whose content is hashed. The digest is BuildKit's content hash
 * (mode, owner, size, link target, xattrs and data; never the mtime).
 */
export interface ChecksumSelector {
  /** Path below the root; `/` for all. */
  readonly path: string;
  /** `path` is a pattern. */
  readonly wildcard?: boolean | undefined;
  /** Follow a symlink that `path` itself names. */
  readonly followLinks?: boolean | undefined;
  readonly includePatterns?: readonly string[] | undefined;
  readonly excludePatterns?: readonly string[] | undefined;
}

/** One entry of a tree, with the digest of its attributes and data. */
export interface FileDigest {
  /** Below the root, without a slash in front; bytes that are not UTF-8 are U+FFFD. */
  readonly path: string;
  readonly digest: Digest;
}
