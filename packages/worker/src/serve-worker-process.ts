// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectoryContentStore } from '@img-build/content-store';
import { createHostCalls, createLocks, serveWorker } from '@img-build/host';
import type { AbortOptions, HostCalls, Locks } from '@img-build/interfaces';
import { createApplier, createDiffer, packTree } from '@img-build/layers';
import { openMetadata } from '@img-build/metadata';
import { createRuncExecutor } from '@img-build/runc-executor';
import {
  type ChooseBackendOptions,
  type ChosenBackend,
  chooseBackend,
  createNativeSnapshotter,
  createOverlaySnapshotter,
  type FolderSnapshotter,
  removeProbes,
} from '@img-build/snapshotters';
import { createContentHasher } from '@img-build/sources';
import { createActiveKeys } from './active-keys.ts';
import { createArchiveExtractor } from './archive-extractor.ts';
import { createCacheArchives } from './cache-archives.ts';
import { createDeviceLookup } from './exec/devices.ts';
import { createEmulation } from './exec/emulation.ts';
import { createScratchFolder } from './scratch-folder.ts';
import { dropUnsyncedSnapshots } from './unsynced-snapshots.ts';
import { createWorkerOperations } from './worker-operations.ts';

/** What the main process tells its worker. JSON-safe. */
export interface WorkerProcessSettings {
  /** Absolute path of the state folder. */
  readonly state: string;
  readonly backend: 'auto' | 'native' | 'overlayfs';
}

/** Main program of the worker's process: puts the parts together and serves until the main process is gone. */
export async function serveWorkerProcess({ state, backend }: WorkerProcessSettings): Promise<never> {
  // What others may do with a file is said by whoever makes it, not by the user's shell.
  process.umask(0);
  const host = createHostCalls();
  const locks = createLocks({ directory: join(state, 'locks'), host });
  const { snapshotter, sweep } = await openSnapshotter(state, backend, { host, locks });
  const keys = await createActiveKeys(snapshotter, locks);
  await dropUnsyncedSnapshots(snapshotter, locks, join(state, 'snapshots'));
  const run = mountRunFolder(host, join(state, 'run'));
  const content = createDirectoryContentStore({ root: join(state, 'content'), host });
  const warn = (message: string): void => void process.stderr.write(`${message}\n`);
  return await serveWorker(
    createWorkerOperations({
      host,
      snapshotter,
      locks,
      applier: createApplier({ blobs: content, host, onWarning: warn }),
      differ: createDiffer({ content, host }),
      executor: createRuncExecutor({
        host,
        stateRoot: join(run, 'runtime'),
        rootless: insideUserNamespace(),
        // Where /proc is masked the worker has no pid namespace of its own, and containers can have none either.
        processSandbox: process.pid === 1,
      }),
      hasher: createContentHasher({ xattrs: host }),
      scratch: createScratchFolder(join(run, 'scratch')),
      keys,
      emulation: createEmulation(host, join(run, 'binfmt')),
      devices: createDeviceLookup(process.env['CDI_SPEC_DIRS']),
      extractArchive: createArchiveExtractor(host, warn),
      packTree: (root, options) => packTree(root, { ...options, host }),
      cacheTransfer: createCacheArchives(host, content, warn),
      sweep,
    }),
  );
}

/** Outside of a user namespace every id maps to itself. @see user_namespaces(7) */
function insideUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** Mount points, secrets and the runtime's state live in memory and go with the mount namespace. */
function mountRunFolder(host: HostCalls, folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  host.mount('tmpfs', folder, 'tmpfs', ['nosuid', 'nodev', 'mode=0700']);
  return folder;
}

async function openSnapshotter(
  state: string,
  wanted: WorkerProcessSettings['backend'],
  { host, locks }: { readonly host: HostCalls; readonly locks: Locks },
): Promise<{
  readonly snapshotter: FolderSnapshotter;
  readonly sweep: (options: AbortOptions) => Promise<number>;
}> {
  const root = join(state, 'snapshots');
  const chosen = await chooseAlone(locks, { root, host, wanted });
  const metadata = openMetadata({ path: join(state, 'state.db') });
  const overlayfs = createOverlaySnapshotter({
    root,
    host,
    book: metadata.snapshots('overlayfs'),
    userxattr: chosen.backend === 'overlayfs' && chosen.userxattr,
  });
  const native = createNativeSnapshotter({ root, host, book: metadata.snapshots('native') });
  const snapshotter = chosen.backend === 'overlayfs' ? overlayfs : native;
  await snapshotter.sweep();
  return {
    snapshotter,
    sweep: async (options) => (await overlayfs.sweep(options)) + (await native.sweep(options)),
  };
}

/** One worker tries at a time, so that what a killed one left of its attempt can be told from what another is doing. */
async function chooseAlone(locks: Locks, options: ChooseBackendOptions): Promise<ChosenBackend> {
  const release = await locks.acquire('choose-backend');
  try {
    await removeProbes(options.root);
    return await chooseBackend(options);
  } finally {
    release();
  }
}
