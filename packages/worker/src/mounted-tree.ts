// SPDX-License-Identifier: MIT
import { rmdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, HostCalls, Mount, Snapshotter, Tree } from '@img-build/interfaces';
import type { ActiveKeys } from './active-keys.ts';
import type { ScratchFolder } from './scratch-folder.ts';

/** A tree that can be read at `root`. */
export interface MountedTree {
  /** Absolute path of its root folder. */
  readonly root: string;
  close(): Promise<void>;
}

/** A tree that is being changed: it ends as a committed snapshot or as nothing. */
export interface ActiveTree {
  readonly root: string;
  /** When this fails, the tree is discarded. */
  commit(name: string): Promise<void>;
  discard(): Promise<void>;
}

/** Makes trees reachable as folders. */
export interface TreeMounter {
  open(tree: Tree, options?: AbortOptions): Promise<MountedTree>;
  /** A writable tree on top of a committed snapshot. */
  prepare(parent: string | undefined, options?: AbortOptions): Promise<ActiveTree>;
}

/** What a {@link TreeMounter} works with. */
export interface TreeMounterParts {
  readonly snapshotter: Snapshotter;
  readonly host: HostCalls;
  readonly scratch: ScratchFolder;
  readonly keys: ActiveKeys;
}

/** A tree mounter of one worker. */
export function createTreeMounter({ snapshotter, host, scratch, keys }: TreeMounterParts): TreeMounter {
  /** A bind of one folder needs no mount: the folder itself serves, and a mount less is a mount that cannot leak. */
  function attach(mounts: readonly Mount[]): { root: string; detach(): void } {
    const [first] = mounts;
    if (mounts.length === 1 && first?.type === 'bind') return { root: first.source, detach() {} };
    const root = scratch.make('mount');
    const done: Mount[] = [];
    function detach(): void {
      for (; done.length > 0; done.pop()) host.unmount(root);
      // Never recursively: what is below might still be a mount.
      rmdirSync(root);
    }
    try {
      for (const mount of mounts) {
        mountQuickly(host, mount, root);
        done.push(mount);
      }
    } catch (error) {
      detach();
      throw error;
    }
    return { root, detach };
  }

  async function openSnapshot(name: string, options: AbortOptions): Promise<MountedTree> {
    const key = keys.next();
    const mounts = await snapshotter.view(key, name, options);
    try {
      const { root, detach } = attach(mounts);
      return {
        root,
        async close() {
          detach();
          await snapshotter.remove(key);
        },
      };
    } catch (error) {
      await snapshotter.remove(key);
      throw error;
    }
  }

  return {
    async open(tree, options = {}) {
      switch (tree.type) {
        case 'host':
          return { root: tree.path, async close() {} };
        case 'empty': {
          const root = scratch.make('empty');
          return {
            root,
            async close() {
              scratch.remove(root);
            },
          };
        }
        case 'snapshot':
          return await openSnapshot(tree.name, options);
      }
    },

    async prepare(parent, options = {}) {
      const key = keys.next();
      const mounts = await snapshotter.prepare(key, parent, options);
      let attached: ReturnType<typeof attach>;
      try {
        attached = attach(mounts);
      } catch (error) {
        await snapshotter.remove(key);
        throw error;
      }
      return {
        root: attached.root,
        async commit(name) {
          attached.detach();
          try {
            await snapshotter.commit(name, key);
          } catch (error) {
            await snapshotter.remove(key);
            throw error;
          }
        },
        async discard() {
          attached.detach();
          await snapshotter.remove(key);
        },
      };
    },
  };
}

/**
 * A writable overlay is mounted `volatile`, so that taking it down does not wait for the disk; what a power failure may
 * damage then is dropped at the next start, see `dropUnsyncedSnapshots`. Kernels before 5.10 do not know the word.
 */
function mountQuickly(host: HostCalls, { source, type, options }: Mount, root: string): void {
  if (!options.some((option) => option.startsWith('upperdir=')))
    return host.mount(source, root, type, options);
  try {
    host.mount(source, root, type, [...options, 'volatile']);
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error;
    host.mount(source, root, type, options);
  }
}
