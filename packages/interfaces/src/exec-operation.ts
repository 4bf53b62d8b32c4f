// SPDX-License-Identifier: MIT
import type { Platform } from '@img-build/oci';
import type { Ulimit } from './executor.ts';
import type { SshAgent } from './secret-source.ts';
import type { Tree } from './tree.ts';

/** A cache mount's folder outlives builds; `id` and `origin` name it. */
export interface CacheMountOptions {
  readonly id: string;
  /** What it started with: caches of one id that started differently are different ones. */
  readonly origin?: string | undefined;
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Start empty. */
  readonly reset?: boolean | undefined;
}

/** One mount of an exec operation. */
export interface ExecMount {
  readonly destination: string;
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  readonly readonly: boolean;
  /** What is mounted (bind) or what a new cache starts with. */
  readonly input?: Tree | undefined;
  /** Path inside the input; default `/`. */
  readonly selector?: string | undefined;
  /** Snapshot name under which the changed tree is committed; without it changes are thrown away. */
  readonly output?: string | undefined;
  readonly cache?: CacheMountOptions | undefined;
  /** Bytes; tmpfs only. */
  readonly size?: number | undefined;
  /** Content of a secret; travels to the worker over its private socket only. */
  readonly secret?: Uint8Array | undefined;
  /** What answers at the socket that is made for this run; ssh only. */
  readonly agent?: SshAgent | undefined;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A device by its CDI name: `vendor.com/class=name`, or `vendor.com/class` for what its spec has by that name alone. */
export interface DeviceRequest {
  readonly name: string;
  /** Leave it out where the machine has none. */
  readonly optional: boolean;
}

/** A command run on a root file system; the mount at `/` is the root. */
export interface ExecRequest {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As written: `user`, `user:group`, ids or names; looked up in the root's passwd and group. */
  readonly user: string;
  readonly hostname: string;
  readonly network: 'host' | 'none';
  readonly security: 'sandbox' | 'insecure';
  readonly platform?: Platform | undefined;
  readonly mounts: readonly ExecMount[];
  /** Extra lines of /etc/hosts. */
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits?: readonly Ulimit[] | undefined;
  readonly shmSize?: number | undefined;
  readonly cgroupParent?: string | undefined;
  /** Looked up in the machine's CDI specs. */
  readonly devices?: readonly DeviceRequest[] | undefined;
  /** Exit codes that count as success; default 0 alone. */
  readonly validExitCodes?: readonly number[] | undefined;
}

/** How the command ended. Outputs are committed only when `exitCode` is a valid one. */
export interface ExecResult {
  readonly exitCode: number;
  readonly outOfMemory?: boolean | undefined;
}
