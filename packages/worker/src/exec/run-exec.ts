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
} from '@img-build/interfaces';
import { readAccounts, resolveUser } from '../accounts.ts';
import type { ActiveTree } from '../mounted-tree.ts';
import { resolveInRoot } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import type { Emulation } from './emulation.ts';
import { type ExecMountParts, type PreparedMount, prepareMount } from './exec-mounts.ts';
import { recordMountStubs } from './mount-stubs.ts';
import { networkFileMounts } from './network-files.ts';

/** What an exec operation works with. */
export interface ExecParts extends ExecMountParts {
  readonly executor: Executor;
  readonly emulation: Emulation;
}

interface Root {
  readonly path: string;
  readonly readonly: boolean;
  finish(keep: boolean): Promise<void>;
}

/** Runs a command; its output trees are committed when it exits with 0, and nothing is kept otherwise. */
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
  const root = await openRoot(parts, rootMount, options);
  const prepared: PreparedMount[] = [];
  let keep = false;
  try {
    for (const mount of byDestination(request.mounts)) {
      const ready = await prepareMount(parts, mount, options);
      if (ready !== undefined) prepared.push(ready);
    }
    const result = await runIn(
      parts,
      request,
      root,
      prepared.map((each) => each.mount),
      output,
      options,
    );
    keep = result.exitCode === 0;
    if (keep) await commitMounts(prepared);
    return result;
  } finally {
    for (const each of prepared.reverse()) if (!keep || each.active === undefined) await each.close();
    await root.finish(keep);
  }
}

async function commitMounts(prepared: readonly PreparedMount[]): Promise<void> {
  for (const { active } of prepared) await active?.tree.commit(active.output);
}

/** Outer mounts before the ones inside them. */
function byDestination(mounts: readonly ExecMount[]): readonly ExecMount[] {
  const depth = (path: string): number => posix.normalize(path).split('/').length;
  return mounts
    .filter((mount) => mount.destination !== '/')
    .sort((a, b) => depth(a.destination) - depth(b.destination));
}

async function openRoot(
  { trees, copyTree }: ExecParts,
  mount: ExecMount,
  options: AbortOptions,
): Promise<Root> {
  const input = mount.input ?? { type: 'empty' as const };
  if (mount.readonly && input.type === 'snapshot') {
    const tree = await trees.open(input, options);
    return { path: tree.root, readonly: true, finish: () => tree.close() };
  }
  const active = await trees.prepare(input.type === 'snapshot' ? input.name : undefined, options);
  if (input.type === 'host') await fillOrDiscard(active, () => copyTree(input, active.root, options));
  const { output } = mount;
  return {
    path: active.root,
    readonly: mount.readonly,
    finish: (keep) => (keep && output !== undefined ? active.commit(output) : active.discard()),
  };
}

async function fillOrDiscard(active: ActiveTree, fill: () => Promise<void>): Promise<void> {
  try {
    await fill();
  } catch (error) {
    await active.discard();
    throw error;
  }
}

async function runIn(
  parts: ExecParts,
  request: ExecRequest,
  root: Root,
  mounts: readonly ContainerMount[],
  output: ContainerOutput,
  options: AbortOptions,
): Promise<ExecResult> {
  const { host, scratch, executor } = parts;
  const user = resolveUser(readAccounts(host, root.path), request.user);
  const folder = scratch.make('exec');
  const all = [...networkFileMounts(request, folder), ...mounts];
  const standard = ['/proc', '/dev', '/sys'];
  const stubs = recordMountStubs(host, root.path, [...standard, ...all.map((mount) => mount.destination)]);
  const spec: ContainerSpec = {
    id: `img-${randomUUID()}`,
    root: [{ type: 'bind', source: root.path, options: ['rbind', 'rw'] }],
    readonlyRoot: root.readonly,
    args: request.args,
    env: withHome(request.env, user.home),
    cwd: request.cwd,
    user,
    hostname: request.hostname,
    mounts: all.map((mount) => ({
      ...mount,
      destination: realDestination(parts, root.path, mount.destination),
    })),
    network: request.network,
    security: request.security,
    ulimits: request.ulimits,
    shmSize: request.shmSize,
    cgroupParent: request.cgroupParent,
  };
  try {
    return await executor.run(spec, output, options);
  } finally {
    stubs.clean();
    scratch.remove(folder);
  }
}

/** HOME comes from the account unless the image or the Dockerfile sets it. */
function withHome(env: readonly string[], home: string): readonly string[] {
  return env.some((entry) => entry.startsWith('HOME=')) ? env : [...env, `HOME=${home}`];
}

/** A destination that is a symlink in the image (`/etc/resolv.conf` often is) means what the link names inside the root. */
function realDestination({ host }: ExecParts, root: string, destination: string): string {
  const found = resolveInRoot(host, root, destination);
  return found === undefined ? destination : found.slice(root.length) || '/';
}
