// SPDX-License-Identifier: MIT
import type { RpcContext } from '@img-build/host';
import type {
  ChecksumSelector,
  DiffOptions,
  ExecRequest,
  ExecResult,
  FileRequest,
  Layer,
  RestoreCacheMountRequest,
  SaveCacheMountOptions,
  SavedCacheMount,
  SnapshotUsage,
  Tree,
  UnpackRequest,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';

/** Bytes moved so far. */
export type ByteProgress = number;

/** A piece of a container's output. */
export interface OutputChunk {
  readonly stream: 1 | 2;
  readonly data: Uint8Array;
}

/** What the process inside the user namespace answers to. */
export interface WorkerMethods {
  /** The snapshotter in use: `overlayfs` or `native`. */
  backend(params: undefined, context: RpcContext): Promise<string>;
  unpack(request: UnpackRequest, context: RpcContext<ByteProgress>): Promise<void>;
  diff(
    params: { readonly name: string; readonly options: Omit<DiffOptions, 'signal' | 'onProgress'> },
    context: RpcContext<ByteProgress>,
  ): Promise<Layer>;
  usage(name: string, context: RpcContext): Promise<SnapshotUsage>;
  remove(names: readonly string[], context: RpcContext): Promise<readonly string[]>;
  /** Removes the folders of snapshots that no book knows any more, of every backend. Returns how many. */
  sweep(params: undefined, context: RpcContext): Promise<number>;
  materialize(
    params: { readonly name: string; readonly tree: Tree },
    context: RpcContext<ByteProgress>,
  ): Promise<void>;
  checksum(
    params: { readonly tree: Tree; readonly selectors: readonly ChecksumSelector[] },
    context: RpcContext,
  ): Promise<readonly Digest[]>;
  readFile(
    params: { readonly tree: Tree; readonly path: string; readonly limit: number },
    context: RpcContext,
  ): Promise<Uint8Array>;
  exportTar(
    params: { readonly tree: Tree; readonly epoch?: number | undefined },
    context: RpcContext,
  ): AsyncIterable<Uint8Array>;
  exportFolder(
    params: {
      readonly tree: Tree;
      readonly folder: string;
      readonly mode: 'copy' | 'delete';
      readonly epoch?: number | undefined;
    },
    context: RpcContext<ByteProgress>,
  ): Promise<void>;
  file(request: FileRequest, context: RpcContext): Promise<void>;
  exec(request: ExecRequest, context: RpcContext<OutputChunk>): Promise<ExecResult>;
  saveCacheMount(
    params: {
      readonly key: string;
      readonly options: Omit<SaveCacheMountOptions, 'signal' | 'onProgress'>;
    },
    context: RpcContext<ByteProgress>,
  ): Promise<SavedCacheMount | undefined>;
  restoreCacheMount(request: RestoreCacheMountRequest, context: RpcContext): Promise<boolean>;
}
