// SPDX-License-Identifier: MIT
import type { Descriptor, Digest } from '@img-build/oci';
import type { AbortOptions, Closable, ProgressOptions } from './abort.ts';
import type { ExecRequest, ExecResult } from './exec-operation.ts';
import type { ContainerOutput } from './executor.ts';
import type { FileRequest } from './file-operation.ts';
import type { DiffOptions, Layer } from './layer.ts';
import type { SnapshotUsage } from './snapshotter.ts';
import type { ChecksumSelector, Tree } from './tree.ts';

/** A layer to unpack into a committed snapshot. */
export interface UnpackRequest {
  /** Name of the committed snapshot to make; nothing is done when it exists. */
  readonly name: string;
  /** Committed, or being made by another call in flight. */
  readonly parent?: string | undefined;
  /** Its blob is in the content store. */
  readonly layer: Descriptor;
  readonly diffId: Digest;
}

/** Snapshots, seen from the main process. Snapshot names are chosen by the caller. */
export interface SnapshotWork {
  /** Says that calls will follow, so that a worker that has to start does so meanwhile. Never fails: the calls will. */
  warmUp(): void;
  unpack(request: UnpackRequest, options?: AbortOptions & ProgressOptions): Promise<void>;
  /** The layer of one snapshot on top of its parent, as a blob in the content store. */
  diff(name: string, options?: DiffOptions): Promise<Layer>;
  usage(name: string, options?: AbortOptions): Promise<SnapshotUsage>;
  /** Removes snapshots, children first; those that do not exist or still have children are skipped. Returns the removed. */
  remove(names: readonly string[], options?: AbortOptions): Promise<readonly string[]>;
  /** Commits a snapshot `name` with the content of a tree (a host folder, filtered). */
  materialize(name: string, tree: Tree, options?: AbortOptions & ProgressOptions): Promise<void>;
}

/** How to write a tree to a folder or a tar. */
export interface ExportTreeOptions extends AbortOptions, ProgressOptions {
  /** Seconds since the Unix epoch; every time becomes this one. */
  readonly epoch?: number | undefined;
}

/** Trees, seen from the main process. */
export interface TreeWork {
  /** One content digest per selector. @throws WorkerError `TREE_PATH_NOT_FOUND` */
  checksum(
    tree: Tree,
    selectors: readonly ChecksumSelector[],
    options?: AbortOptions,
  ): Promise<readonly Digest[]>;
  /** Reads a file, symlinks resolved inside the tree. @throws `TREE_PATH_NOT_FOUND`, `TREE_FILE_TOO_LARGE` */
  readFile(tree: Tree, path: string, limit: number, options?: AbortOptions): Promise<Uint8Array>;
  /** The tree as one tar stream, ownership kept, deterministic order. */
  exportTar(tree: Tree, options?: ExportTreeOptions): AsyncIterable<Uint8Array>;
  /** Copies the tree into a folder of the host (created when missing); all files belong to the caller. `delete` removes what the tree has not. */
  exportFolder(
    tree: Tree,
    folder: string,
    mode: 'copy' | 'delete',
    options?: ExportTreeOptions,
  ): Promise<void>;
}

/** Operations that change trees, seen from the main process. */
export interface OperationWork {
  file(request: FileRequest, options?: AbortOptions): Promise<void>;
  exec(request: ExecRequest, output: ContainerOutput, options?: AbortOptions): Promise<ExecResult>;
}

/**
 * Everything that must run inside the user namespace. Started by the first call that needs it; `close` ends it and
 * leaves no process and no mount behind.
 */
export interface Worker extends SnapshotWork, TreeWork, OperationWork, Closable {
  /** Tells whether the worker was ever started. */
  readonly started: boolean;
}
