// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type {
  AbortOptions,
  Applier,
  Differ,
  Executor,
  HostCalls,
  Locks,
  Snapshotter,
  Tree,
} from '@img-build/interfaces';
import type { ContentHasher } from '@img-build/sources';
import type { ActiveKeys } from './active-keys.ts';
import { createCacheMounts } from './exec/cache-mounts.ts';
import { type CacheTransferParts, createCacheTransfer } from './exec/cache-transfer.ts';
import type { DeviceLookup } from './exec/devices.ts';
import type { Emulation } from './exec/emulation.ts';
import { type ExecParts, runExec } from './exec/run-exec.ts';
import { exportFolder } from './export-folder.ts';
import { type ArchiveExtractor, copyInto, openTree } from './file/copy-into.ts';
import { runFile } from './file/run-file.ts';
import { createTreeMounter, type MountedTree } from './mounted-tree.ts';
import { readTreeFile } from './read-tree-file.ts';
import type { ScratchFolder } from './scratch-folder.ts';
import { removeSnapshots } from './snapshot-removal.ts';
import { createUnpack } from './snapshot-unpacking.ts';
import { WorkerError } from './worker-error.ts';
import type { WorkerMethods } from './worker-methods.ts';

/** Writes a folder as a tar stream, deterministic. */
export type TreePacker = (
  root: string,
  options: AbortOptions & { readonly epoch?: number | undefined },
) => AsyncIterable<Uint8Array>;

/** What the worker's operations work with. */
export interface WorkerParts {
  readonly host: HostCalls;
  readonly snapshotter: Snapshotter;
  readonly applier: Applier;
  readonly differ: Differ;
  readonly executor: Executor;
  readonly hasher: ContentHasher;
  readonly locks: Locks;
  readonly scratch: ScratchFolder;
  readonly keys: ActiveKeys;
  readonly emulation: Emulation;
  readonly devices: DeviceLookup;
  readonly extractArchive: ArchiveExtractor;
  readonly packTree: TreePacker;
  readonly cacheTransfer: Pick<CacheTransferParts, 'blobs' | 'pack' | 'unpack'>;
  /** Removes the folders of snapshots without a row. */
  readonly sweep: (options: AbortOptions) => Promise<number>;
}

/** The worker's operations, as its process serves them. */
export function createWorkerOperations(parts: WorkerParts): WorkerMethods {
  const { host, snapshotter, applier, differ, hasher, scratch, keys, locks, extractArchive } = parts;
  const trees = createTreeMounter({ snapshotter, host, scratch, keys });
  const unpack = createUnpack(snapshotter, applier, keys);

  async function withTree<T>(
    tree: Tree,
    options: AbortOptions,
    use: (mounted: MountedTree) => Promise<T>,
  ): Promise<T> {
    const mounted = await trees.open(tree, options);
    try {
      return await use(mounted);
    } finally {
      await mounted.close();
    }
  }

  /** A whole tree into an existing folder, as COPY . would do it. */
  async function copyTree(tree: Tree, folder: string, options: AbortOptions): Promise<void> {
    await withTree(tree, options, ({ root }) =>
      copyInto(
        {
          host,
          extractArchive,
          source: { tree, root },
          root: folder,
          owner: undefined,
          action: {
            type: 'copy',
            source: '/',
            destination: '/',
            followSymlink: false,
            directoryContents: true,
            unpackArchive: false,
            createDestinationPath: true,
            allowWildcard: false,
            allowEmptyWildcard: false,
          },
        },
        options,
      ),
    );
  }

  const transfer = createCacheTransfer({ ...parts.cacheTransfer, snapshotter, locks, keys });
  const exec: ExecParts = { ...parts, trees, caches: createCacheMounts(snapshotter, locks, keys), copyTree };

  return {
    async backend() {
      return snapshotter.backend;
    },
    async unpack(request, { signal, notify }) {
      await unpack(request, { signal, onProgress: notify });
    },
    async diff({ name, options }, { signal, notify }) {
      const info = await snapshotter.stat(name);
      if (info === undefined) throw new WorkerError(`no snapshot ${name}`, { code: 'TREE_PATH_NOT_FOUND' });
      const [below, above] = [keys.next(), keys.next()];
      const upper = await snapshotter.view(above, name, { signal });
      try {
        const lower = info.parent === undefined ? [] : await snapshotter.view(below, info.parent, { signal });
        return await differ.diff(lower, upper, { ...options, signal, onProgress: notify });
      } finally {
        await removeIfPresent(snapshotter, above);
        await removeIfPresent(snapshotter, below);
      }
    },
    async usage(name, { signal }) {
      return await snapshotter.usage(name, { signal });
    },
    async remove(names, { signal }) {
      return await removeSnapshots(snapshotter, locks, names, { signal });
    },
    async sweep(_params, { signal }) {
      return await parts.sweep({ signal });
    },
    async materialize({ name, tree }, { signal }) {
      const active = await trees.prepare(undefined, { signal });
      try {
        await copyTree(tree, active.root, { signal });
      } catch (error) {
        await active.discard();
        throw error;
      }
      await active.commit(name);
    },
    async checksum({ tree, selectors }, { signal }) {
      return await withTree(tree, { signal }, ({ root }) =>
        hasher.checksum(tree.type === 'host' ? tree : { path: root, rootOwned: false }, selectors, {
          signal,
        }),
      );
    },
    async readFile({ tree, path, limit }, { signal }) {
      return await withTree(tree, { signal }, async ({ root }) => readTreeFile(host, root, path, limit));
    },
    async *exportTar({ tree, epoch }, { signal }) {
      const mounted = await trees.open(tree, { signal });
      try {
        yield* parts.packTree(mounted.root, { signal, epoch });
      } finally {
        await mounted.close();
      }
    },
    async exportFolder({ tree, folder, mode, epoch }, { signal, notify }) {
      await withTree(tree, { signal }, ({ root }) =>
        exportFolder(host, openTree({ tree, root }), folder, mode, { signal, epoch, onProgress: notify }),
      );
    },
    async file(request, { signal }) {
      await runFile({ host, trees, extractArchive }, request, { signal });
    },
    async saveCacheMount({ key, options }, { signal, notify }) {
      return await transfer.save(key, { ...options, signal, onProgress: notify });
    },
    async restoreCacheMount(request, { signal }) {
      return await transfer.restore(request, { signal });
    },
    async exec(request, { signal, notify }) {
      // Buffers from a pipe may share one pool: the copy that travels must be the piece alone.
      const send = (stream: 1 | 2) => (data: Uint8Array) => notify({ stream, data: Uint8Array.from(data) });
      return await runExec(exec, request, { stdout: send(1), stderr: send(2) }, { signal });
    },
  };
}

async function removeIfPresent(snapshotter: Snapshotter, key: string): Promise<void> {
  try {
    await snapshotter.remove(key);
  } catch (error) {
    if (!isToolError(error, 'SNAPSHOT_NOT_FOUND')) throw error;
  }
}
