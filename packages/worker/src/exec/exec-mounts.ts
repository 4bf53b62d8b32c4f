// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AbortOptions, ContainerMount, ExecMount, HostCalls } from '@img-build/interfaces';
import { bytePath, rootedPath } from '@img-build/sources';
import type { ActiveTree, TreeMounter } from '../mounted-tree.ts';
import { placeInRoot, resolveInRoot, rooted, utf8Path } from '../path-in-root.ts';
import type { ScratchFolder } from '../scratch-folder.ts';
import { WorkerError } from '../worker-error.ts';
import { prepareAgent } from './agent-mount.ts';
import type { CacheMounts } from './cache-mounts.ts';
import { prepareSecret } from './secret-mount.ts';

/** What mounts are made from. */
export interface ExecMountParts {
  readonly host: HostCalls;
  readonly trees: TreeMounter;
  readonly caches: CacheMounts;
  readonly scratch: ScratchFolder;
  /** Copies a host tree into a folder, filtered as the tree says. */
  readonly copyTree: (tree: MountedTreeSource, folder: string, options: AbortOptions) => Promise<void>;
}

/** A tree that has to be copied before it can be mounted. */
export type MountedTreeSource = NonNullable<ExecMount['input']>;

/** A mount ready for the container, and what ends it. */
export interface PreparedMount {
  readonly mount: ContainerMount;
  /** Present when the changed tree is to be kept. */
  readonly active?: { readonly tree: ActiveTree; readonly output: string } | undefined;
  close(): Promise<void>;
}

/** Prepares one mount that is not the root. */
export async function prepareMount(
  parts: ExecMountParts,
  mount: ExecMount,
  options: AbortOptions,
): Promise<PreparedMount | undefined> {
  switch (mount.type) {
    case 'tmpfs':
      return simple({ destination: mount.destination, type: 'tmpfs', options: tmpfsOptions(mount) });
    case 'secret':
      return prepareSecret(parts, mount);
    case 'ssh':
      return await prepareAgent(parts, mount, options);
    case 'cache':
      return await prepareCache(parts, mount, options);
    case 'bind':
      return await prepareBind(parts, mount, options);
  }
}

function simple(mount: ContainerMount): PreparedMount {
  return { mount, async close() {} };
}

function tmpfsOptions({ size }: ExecMount): string[] {
  return ['nosuid', 'nodev', 'mode=1777', ...(size === undefined ? [] : [`size=${size}`])];
}

async function prepareCache(
  parts: ExecMountParts,
  mount: ExecMount,
  options: AbortOptions,
): Promise<PreparedMount> {
  const { input } = mount;
  const fill = async (folder: string): Promise<void> => {
    if (input !== undefined && input.type !== 'empty') await parts.copyTree(input, folder, options);
  };
  const held = await parts.caches.hold(mount, fill, options);
  try {
    const source = below(parts.host, held.folder, mount);
    return {
      mount: {
        destination: mount.destination,
        type: 'bind',
        source,
        options: ['bind', mount.readonly ? 'ro' : 'rw'],
      },
      async close() {
        held.release();
      },
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

async function prepareBind(
  parts: ExecMountParts,
  mount: ExecMount,
  options: AbortOptions,
): Promise<PreparedMount> {
  const input = mount.input ?? { type: 'empty' as const };
  if (input.type === 'snapshot' && mount.readonly) {
    const tree = await parts.trees.open(input, options);
    return await bound(parts, mount, tree.root, () => tree.close());
  }
  const active = await parts.trees.prepare(input.type === 'snapshot' ? input.name : undefined, options);
  return await bound(
    parts,
    mount,
    active.root,
    () => active.discard(),
    async () => {
      if (input.type === 'host') await parts.copyTree(input, active.root, options);
      return active;
    },
  );
}

async function bound(
  { host }: ExecMountParts,
  mount: ExecMount,
  root: string,
  close: () => Promise<void>,
  fill?: () => Promise<ActiveTree>,
): Promise<PreparedMount> {
  try {
    const active = await fill?.();
    const source = below(host, root, mount);
    return {
      mount: {
        destination: mount.destination,
        type: 'bind',
        source,
        options: ['rbind', mount.readonly ? 'ro' : 'rw'],
      },
      active:
        active !== undefined && mount.output !== undefined
          ? { tree: active, output: mount.output }
          : undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The part of a tree that a mount shows. A cache makes the folder it is asked for. */
function below(host: HostCalls, root: string, { selector, type }: ExecMount): string {
  if (selector === undefined || selector === '' || selector === '/') return root;
  const found = resolveInRoot(host, root, rootedPath(bytePath(selector)));
  if (typeof found === 'string') return found;
  if (found !== undefined)
    throw new WorkerError(`mount source ${selector} leads to a name that is not UTF-8`, {
      code: 'EXEC_MOUNT_INVALID',
    });
  if (type !== 'cache') {
    throw new WorkerError(`"/${selector.replace(/^\/+/, '')}": not found`, { code: 'TREE_PATH_NOT_FOUND' });
  }
  // What an earlier run left in the cache may be a link to anywhere; nothing is made behind one.
  const missing: (string | Buffer)[] = [];
  const made = utf8Path(placeInRoot(root, selector, (folder) => missing.push(folder)));
  if (`/${made}` !== rooted(selector))
    throw new WorkerError(`cache mount source ${selector} leads through a symlink to nowhere`, {
      code: 'EXEC_MOUNT_INVALID',
    });
  const folder = join(root, made);
  for (const each of [...missing, folder]) mkdirSync(each, { mode: 0o755 });
  return folder;
}
