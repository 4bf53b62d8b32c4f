// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import type {
  AbortOptions,
  ContainerMount,
  ContainerOutput,
  ContainerSpec,
  ExecMount,
  ExecRequest,
  ExecResult,
  Executor,
  HostCalls,
} from '@img-build/interfaces';
import { readAccounts, resolveUser } from '../accounts.ts';
import type { ActiveTree } from '../mounted-tree.ts';
import { placeInRoot, utf8Path } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import type { DeviceLookup } from './devices.ts';
import type { Emulation } from './emulation.ts';
import { type ExecMountParts, type PreparedMount, prepareMount } from './exec-mounts.ts';
import { networkFileMounts } from './network-files.ts';

/** What an exec operation works with. */
export interface ExecParts extends ExecMountParts {
  readonly executor: Executor;
  readonly emulation: Emulation;
  readonly devices: DeviceLookup;
}

/** Runs a command; its output trees are committed when it ends well, and nothing is kept otherwise. */
export async function runExec(
  parts: ExecParts,
  request: ExecRequest,
  output: ContainerOutput,
  options: AbortOptions = {},
): Promise<ExecResult> {
  parts.emulation.ensure(request.platform);
  const rootMount = request.mounts.find((mount) => mount.destination === '/');
  if (rootMount === undefined)
    throw new WorkerError('an exec operation needs a mount at /', { code: 'EXEC_MOUNT_INVALID' });
  const kept = new Set<ActiveTree>();
  const prepared: PreparedMount[] = [];
  const root = await prepareRoot(parts, rootMount, options);
  try {
    for (const mount of byDestination(request.mounts)) {
      const ready = await prepareMount(parts, mount, options);
      if (ready !== undefined) prepared.push(ready);
    }
    const mounts = prepared.map(({ mount }) => mount);
    const place = { path: root.root, readonly: rootMount.readonly };
    const result = await runIn(parts, request, { root: place, mounts, output }, options);
    if ((request.validExitCodes ?? [0]).includes(result.exitCode)) {
      const own = rootMount.output === undefined ? [] : [{ tree: root, output: rootMount.output }];
      for (const { tree, output } of [...prepared.flatMap(({ active }) => active ?? []), ...own]) {
        // Taken first: a commit that fails discards the tree itself.
        kept.add(tree);
        await tree.commit(output);
      }
    }
    return result;
  } finally {
    for (const { active, close } of prepared.reverse())
      if (active === undefined || !kept.has(active.tree)) await close();
    if (!kept.has(root)) await root.discard();
  }
}

/** Outer mounts before the ones inside them. */
function byDestination(mounts: readonly ExecMount[]): readonly ExecMount[] {
  const depth = (path: string): number => posix.normalize(path).split('/').length;
  return mounts
    .filter((mount) => mount.destination !== '/')
    .sort((a, b) => depth(a.destination) - depth(b.destination));
}

/** Writable even when the command may not write: the runtime makes the places that mounts cover. */
async function prepareRoot(
  { trees, copyTree }: ExecParts,
  { input }: ExecMount,
  options: AbortOptions,
): Promise<ActiveTree> {
  const active = await trees.prepare(input?.type === 'snapshot' ? input.name : undefined, options);
  try {
    if (input?.type === 'host') await copyTree(input, active.root, options);
  } catch (error) {
    await active.discard();
    throw error;
  }
  return active;
}

/** Where a command runs. */
interface Place {
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly mounts: readonly ContainerMount[];
  readonly output: ContainerOutput;
}

async function runIn(
  { host, scratch, executor, devices: findDevices }: ExecParts,
  request: ExecRequest,
  { root, mounts, output }: Place,
  options: AbortOptions,
): Promise<ExecResult> {
  const devices = findDevices(request.devices ?? []);
  const folder = scratch.make('exec');
  try {
    const files = networkFileMounts(request, folder);
    const all = [...files, ...devices.mounts, ...mounts];
    const spec = containerSpec(host, request, root, all);
    const env = [...spec.env, ...devices.env];
    return await executor.run({ ...spec, env, devices: devices.devices }, output, options);
  } finally {
    scratch.remove(folder);
  }
}

function containerSpec(
  host: HostCalls,
  request: ExecRequest,
  root: Place['root'],
  mounts: readonly ContainerMount[],
): ContainerSpec {
  const user = resolveUser(readAccounts(host, root.path), request.user);
  return {
    id: `img-${randomUUID()}`,
    root: [{ type: 'bind', source: root.path, options: ['rbind', 'rw'] }],
    readonlyRoot: root.readonly,
    args: request.args,
    env: withHome(request.env, user.home),
    cwd: request.cwd,
    user,
    hostname: request.hostname,
    mounts: mounts.map((mount) => ({
      ...mount,
      destination: realDestination(root.path, mount.destination),
    })),
    network: request.network,
    security: request.security,
    platform: request.platform,
    ulimits: request.ulimits,
    shmSize: request.shmSize,
    cgroupParent: request.cgroupParent,
  };
}

/** HOME comes from the account unless the image or the Dockerfile sets it. */
function withHome(env: readonly string[], home: string): readonly string[] {
  return env.some((entry) => entry.startsWith('HOME=')) ? env : [...env, `HOME=${home}`];
}

/**
 * A destination that is a symlink in the image (`/etc/resolv.conf` often is) means what the link names inside the root,
 * also when nothing is there yet: then the executor makes it for the time of the run, and not the runtime for ever.
 */
function realDestination(root: string, destination: string): string {
  return `/${utf8Path(placeInRoot(root, destination, () => {}))}`;
}
