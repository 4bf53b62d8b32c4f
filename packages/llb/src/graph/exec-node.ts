// SPDX-License-Identifier: MIT
import type {
  CacheSharing,
  ExecOp,
  Meta,
  Mount,
  NetMode,
  ProxyEnv,
  SecretEnv,
  SecurityMode,
} from '../exec-op.ts';
import { EMPTY_INPUT, type Input, SKIP_OUTPUT } from '../ops.ts';
import { addInput, type GraphNode, type MarshalContext, type OpOptions, type Output } from './node.ts';

/** A tree, a cache folder or memory that a command sees at `target`. */
export type RunMount =
  | {
      readonly type: 'bind';
      readonly target: string;
      readonly from: { readonly output: Output };
      /** Path inside `from`. */
      readonly selector?: string | undefined;
      readonly readonly?: boolean | undefined;
      /** Changes are dropped although they are allowed. */
      readonly noOutput?: boolean | undefined;
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      readonly id: string;
      readonly sharing: CacheSharing;
      /** What a new cache starts with. */
      readonly from: { readonly output: Output };
      readonly selector?: string | undefined;
      readonly readonly?: boolean | undefined;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string /** Bytes; 0 is no limit. */;
      readonly size?: number | undefined;
    };

/** A secret as file, as variable, or both. */
export interface RunSecret {
  readonly id: string;
  readonly target?: string | undefined;
  readonly env?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Default 0400. */
  readonly mode?: number | undefined;
  readonly optional?: boolean | undefined;
}

/** The client's SSH agent. */
export interface RunSsh {
  readonly id: string;
  /** Default `/run/buildkit/ssh_agent.N`. */
  readonly target?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Default 0600. */
  readonly mode?: number | undefined;
  readonly optional?: boolean | undefined;
}

/** A command and its surroundings. */
export interface RunOptions extends OpOptions {
  readonly args: readonly string[];
  /** `NAME=value`, in order. */
  readonly env?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly user?: string | undefined;
  readonly hostname?: string | undefined;
  readonly proxyEnv?: ProxyEnv | undefined;
  readonly extraHosts?: Meta['extraHosts'] | undefined;
  readonly ulimits?: Meta['ulimit'] | undefined;
  readonly cgroupParent?: string | undefined;
  readonly network?: NetMode | undefined;
  readonly security?: SecurityMode | undefined;
  readonly readonlyRoot?: boolean | undefined;
  readonly mounts?: readonly RunMount[] | undefined;
  readonly secrets?: readonly RunSecret[] | undefined;
  readonly ssh?: readonly RunSsh[] | undefined;
  /** Devices by CDI name; an optional one that does not exist is left out. */
  readonly devices?:
    | readonly { readonly name: string; readonly optional?: boolean | undefined }[]
    | undefined;
}

interface PlacedMount {
  /** `root`, or the position in `options.mounts`. */
  readonly id: 'root' | number;
  readonly mount: RunMount;
  /** -1 when the mount gives no output. */
  readonly output: number;
}

/** A node that runs a command, and which output a mount's changed tree is. */
export function createExecNode(
  root: Output,
  options: RunOptions,
): { readonly node: GraphNode; outputIndex(id: 'root' | number): number } {
  const placed = placeMounts(root, options);
  const node: GraphNode = {
    options,
    caps: capsOf(options, placed),
    inputs: () =>
      placed.flatMap(({ mount }) =>
        mount.type !== 'tmpfs' && mount.from.output.node() !== undefined ? [mount.from.output] : [],
      ),
    toOp(context) {
      const inputs: Input[] = [];
      const mounts = placed.map((place) => toMount(place, inputs, context));
      return {
        type: 'exec',
        exec: execBody(options, mounts),
        inputs,
        platform: options.platform ?? context.platform,
        constraints: { filter: [] },
      };
    },
  };
  return { node, outputIndex: (id) => placed.find((place) => place.id === id)?.output ?? SKIP_OUTPUT };
}

/** Mounts are ordered by target, and outputs numbered in that order. */
function placeMounts(root: Output, options: RunOptions): PlacedMount[] {
  const rootMount: RunMount = {
    type: 'bind',
    target: '/',
    from: { output: root },
    readonly: options.readonlyRoot,
  };
  const all: { id: 'root' | number; mount: RunMount }[] = [{ id: 'root', mount: rootMount }];
  for (const [id, mount] of (options.mounts ?? []).entries()) all.push({ id, mount });
  all.sort((a, b) => Buffer.compare(Buffer.from(a.mount.target), Buffer.from(b.mount.target)));
  let outputs = 0;
  return all.map(({ id, mount }) => {
    const hasOutput = mount.type === 'bind' && mount.readonly !== true && mount.noOutput !== true;
    return { id, mount, output: hasOutput ? outputs++ : SKIP_OUTPUT };
  });
}

const PLAIN_MOUNT = {
  selector: '',
  readonly: false,
  mountType: 'bind',
  resultId: '',
  contentCache: 'default',
} as const;

function toMount({ mount, output }: PlacedMount, inputs: Input[], context: MarshalContext): Mount {
  if (mount.type === 'tmpfs') {
    return {
      ...PLAIN_MOUNT,
      input: EMPTY_INPUT,
      dest: mount.target,
      output,
      mountType: 'tmpfs',
      tmpfsOpt: { size: mount.size ?? 0 },
    };
  }
  const from = mount.from.output;
  return {
    ...PLAIN_MOUNT,
    input: from.node() === undefined ? EMPTY_INPUT : addInput(inputs, context.input(from)),
    selector: mount.selector ?? '',
    dest: mount.target,
    output,
    readonly: mount.readonly ?? false,
    ...(mount.type === 'cache'
      ? { mountType: 'cache' as const, cacheOpt: { id: mount.id, sharing: mount.sharing } }
      : {}),
  };
}

function execBody(options: RunOptions, mounts: readonly Mount[]): ExecOp {
  const secrets = options.secrets ?? [];
  const ssh = (options.ssh ?? []).map((agent, at) => ({
    ...agent,
    target: agent.target ?? `/run/buildkit/ssh_agent.${at}`,
  }));
  return {
    meta: {
      args: options.args,
      env: withAgentSocket(options.env ?? [], ssh[0]?.target),
      cwd: options.cwd ?? '/',
      user: options.user ?? '',
      proxyEnv: options.proxyEnv,
      extraHosts: options.extraHosts ?? [],
      hostname: options.hostname ?? '',
      ulimit: options.ulimits ?? [],
      cgroupParent: options.cgroupParent ?? '',
      removeMountStubsRecursive: true,
      validExitCodes: [],
    },
    mounts: [
      ...mounts,
      ...secrets.flatMap((secret) =>
        secret.target === undefined ? [] : [secretMount(secret, secret.target)],
      ),
      ...ssh.map(sshMount),
    ],
    network: options.network ?? 'unset',
    security: options.security ?? 'sandbox',
    secretEnv: secrets.flatMap((secret): SecretEnv[] =>
      secret.env === undefined
        ? []
        : [{ id: secret.id, name: secret.env, optional: secret.optional ?? false }],
    ),
    cdiDevices: (options.devices ?? []).map(({ name, optional = false }) => ({ name, optional })),
  };
}

function withAgentSocket(env: readonly string[], socket: string | undefined): readonly string[] {
  if (socket === undefined || env.some((pair) => pair.startsWith('SSH_AUTH_SOCK='))) return env;
  return [...env, `SSH_AUTH_SOCK=${socket}`];
}

function secretMount(secret: RunSecret, dest: string): Mount {
  const { id, uid = 0, gid = 0, mode = 0o400, optional = false } = secret;
  // BuildKit writes output 0 here, not -1; the key depends on it.
  return {
    ...PLAIN_MOUNT,
    input: EMPTY_INPUT,
    output: 0,
    dest,
    mountType: 'secret',
    secretOpt: { id, uid, gid, mode, optional },
  };
}

function sshMount(agent: RunSsh & { readonly target: string }): Mount {
  const { id, target, uid = 0, gid = 0, mode = 0o600, optional = false } = agent;
  return {
    ...PLAIN_MOUNT,
    input: EMPTY_INPUT,
    output: 0,
    dest: target,
    mountType: 'ssh',
    sshOpt: { id, uid, gid, mode, optional },
  };
}

function capsOf(options: RunOptions, placed: readonly PlacedMount[]): string[] {
  const caps = new Set(['exec.meta.base', 'exec.meta.removemountstubs.recursive']);
  for (const { mount } of placed) {
    if (mount.type === 'tmpfs') caps.add('exec.mount.tmpfs');
    else if (mount.type === 'cache') caps.add('exec.mount.cache').add('exec.mount.cache.sharing');
    else caps.add('exec.mount.bind');
    if (mount.type === 'tmpfs' && (mount.size ?? 0) > 0) caps.add('exec.mount.tmpfs.size');
    if (mount.type !== 'tmpfs' && (mount.selector ?? '') !== '') caps.add('exec.mount.selector');
  }
  if ((options.secrets ?? []).length > 0) caps.add('exec.mount.secret');
  if ((options.secrets ?? []).some((secret) => secret.env !== undefined)) caps.add('exec.secretenv');
  if ((options.ssh ?? []).length > 0) caps.add('exec.mount.ssh');
  if ((options.network ?? 'unset') !== 'unset') caps.add('exec.meta.network');
  if (options.security === 'insecure') caps.add('exec.meta.security');
  if (options.proxyEnv !== undefined) caps.add('exec.meta.proxyenv');
  if ((options.ulimits ?? []).length > 0) caps.add('exec.meta.ulimit');
  if ((options.cgroupParent ?? '') !== '') caps.add('exec.meta.cgroup.parent');
  if ((options.devices ?? []).length > 0) caps.add('exec.meta.cdi');
  return [...caps];
}
