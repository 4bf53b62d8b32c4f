// SPDX-License-Identifier: MIT
import { createRpcClient, type RpcClient, spawnWorkerProcess, type WorkerProcess } from '@img-build/host';
import type { AbortOptions, CacheMountWork, Worker } from '@img-build/interfaces';
import type { WorkerMethods } from './worker-methods.ts';

/** How to start the worker's process. */
export interface RemoteWorkerOptions {
  /** Program and arguments of the process, see `serveWorkerProcess`. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What the worker prints: diagnostics. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** A worker in a process of its own. */
export interface RemoteWorker extends Worker, CacheMountWork {
  /** Starts the process when it is not running, and tells which snapshotter it uses. */
  backend(options?: AbortOptions): Promise<string>;
  /** Removes the folders of snapshots that were taken out of the book, of every backend. Returns how many. */
  sweep(options?: AbortOptions): Promise<number>;
}

interface Running {
  readonly process: WorkerProcess;
  readonly client: RpcClient<WorkerMethods>;
}

/** The worker as the main process sees it: its process is started by the first call that needs it. */
export function createRemoteWorker(options: RemoteWorkerOptions): RemoteWorker {
  let running: Promise<Running> | undefined;

  async function start(): Promise<Running> {
    const process = await spawnWorkerProcess(options);
    return {
      process,
      client: createRpcClient<WorkerMethods>(process.channel, { explain: () => process.ended }),
    };
  }

  /** A start that failed may be tried again; one that is under way is shared, so no single caller may cancel it. */
  async function client(): Promise<RpcClient<WorkerMethods>> {
    running ??= start().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return (await running).client;
  }

  return {
    get started() {
      return running !== undefined;
    },
    async backend(abort) {
      return await (await client()).call('backend', undefined, abort);
    },
    async sweep(abort) {
      return await (await client()).call('sweep', undefined, abort);
    },
    warmUp() {
      client().catch(() => {});
    },
    async unpack(request, { signal, onProgress } = {}) {
      await (await client()).call('unpack', request, { signal, onEvent: onProgress });
    },
    async diff(name, { signal, onProgress, ...rest } = {}) {
      return await (await client()).call('diff', { name, options: rest }, { signal, onEvent: onProgress });
    },
    async usage(name, abort) {
      return await (await client()).call('usage', name, abort);
    },
    async remove(names, abort) {
      return names.length === 0 ? [] : await (await client()).call('remove', names, abort);
    },
    async materialize(name, tree, { signal, onProgress } = {}) {
      await (await client()).call('materialize', { name, tree }, { signal, onEvent: onProgress });
    },
    async checksum(tree, selectors, abort) {
      return await (await client()).call('checksum', { tree, selectors }, abort);
    },
    async readFile(tree, path, limit, abort) {
      return await (await client()).call('readFile', { tree, path, limit }, abort);
    },
    async *exportTar(tree, { signal, onProgress, epoch } = {}) {
      let bytes = 0;
      for await (const chunk of (await client()).stream('exportTar', { tree, epoch }, { signal })) {
        yield chunk;
        bytes += chunk.length;
        onProgress?.(bytes);
      }
    },
    async exportFolder(tree, folder, mode, { signal, onProgress, epoch } = {}) {
      await (await client()).call(
        'exportFolder',
        { tree, folder, mode, epoch },
        { signal, onEvent: onProgress },
      );
    },
    async file(request, abort) {
      await (await client()).call('file', request, abort);
    },
    async exec(request, output, abort = {}) {
      return await (await client()).call('exec', request, {
        ...abort,
        onEvent: ({ stream, data }) => (stream === 1 ? output.stdout(data) : output.stderr(data)),
      });
    },
    async saveCacheMount(key, { signal, onProgress, ...rest } = {}) {
      return await (await client()).call(
        'saveCacheMount',
        { key, options: rest },
        { signal, onEvent: onProgress },
      );
    },
    async restoreCacheMount(request, abort) {
      return await (await client()).call('restoreCacheMount', request, abort);
    },
    async close() {
      const started = await running?.catch(() => undefined);
      running = undefined;
      started?.client.close();
      await started?.process.close();
    },
  };
}
