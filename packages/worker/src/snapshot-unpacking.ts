// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type {
  AbortOptions,
  Applier,
  ProgressOptions,
  Snapshotter,
  UnpackRequest,
} from '@img-build/interfaces';
import type { ActiveKeys } from './active-keys.ts';

/** Unpacks layers into committed snapshots. */
export type Unpack = (request: UnpackRequest, options?: AbortOptions & ProgressOptions) => Promise<void>;

/** Layers of one chain follow one another; chains run side by side. */
export function createUnpack(snapshotter: Snapshotter, applier: Applier, keys: ActiveKeys): Unpack {
  const inFlight = new Map<string, Promise<void>>();

  async function unpack(
    { name, parent, layer, diffId }: UnpackRequest,
    options: AbortOptions & ProgressOptions,
  ): Promise<void> {
    if (parent !== undefined) await inFlight.get(parent);
    if ((await snapshotter.stat(name)) !== undefined) return;
    const key = keys.next();
    const mounts = await snapshotter.prepare(key, parent, options);
    try {
      await applier.apply(layer, mounts, { ...options, diffId });
    } catch (error) {
      await snapshotter.remove(key);
      throw error;
    }
    await commitOnce(snapshotter, name, key);
  }

  return async (request, options = {}) => {
    const known = inFlight.get(request.name);
    if (known !== undefined) return await known;
    const work = unpack(request, options).finally(() => inFlight.delete(request.name));
    inFlight.set(request.name, work);
    await work;
  };
}

/** Commits a snapshot whose name says what is in it: when another process was faster, its snapshot holds and ours goes. */
async function commitOnce(snapshotter: Snapshotter, name: string, key: string): Promise<void> {
  try {
    await snapshotter.commit(name, key);
  } catch (error) {
    await snapshotter.remove(key);
    if (!isToolError(error, 'SNAPSHOT_EXISTS')) throw error;
  }
}
