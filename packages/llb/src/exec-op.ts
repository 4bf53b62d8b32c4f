// SPDX-License-Identifier: MIT

/** `unset` is the sandbox's default network. */
export type NetMode = 'unset' | 'host' | 'none';
/** `insecure` is a privileged container. */
export type SecurityMode = 'sandbox' | 'insecure';
/** What is mounted. */
export type MountType = 'bind' | 'secret' | 'ssh' | 'cache' | 'tmpfs';
/** Whether a mount's content may stand for its input in the cache key. */
export type MountContentCache = 'default' | 'on' | 'off';
/** Who may use a cache mount at the same time. */
export type CacheSharing = 'shared' | 'private' | 'locked';

/** Proxies a command sees; never part of a cache key. */
export interface ProxyEnv {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly ftpProxy: string;
  readonly noProxy: string;
  readonly allProxy: string;
}

/** What is executed. @see BuildKit solver/pb/ops.proto, "Meta" */
export interface Meta {
  readonly args: readonly string[];
  /** `NAME=value`, in order. */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly proxyEnv?: ProxyEnv | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly hostname: string;
  readonly ulimit: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
  /** Mount points that had to be made are removed afterwards, with the parents made for them. */
  readonly removeMountStubsRecursive: boolean;
  /** Exit codes that count as success; none means 0 only. */
  readonly validExitCodes: readonly number[];
}

/** A secret that a command gets as environment variable. */
export interface SecretEnv {
  readonly id: string;
  readonly name: string;
  readonly optional: boolean;
}

/** File facts of a secret or an agent socket. */
export interface SecretOpt {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}

/** One mount of a command. */
export interface Mount {
  /** Index into the op's inputs; -1 for an empty tree. */
  readonly input: number;
  /** Path inside the input; empty for its root. */
  readonly selector: string;
  readonly dest: string;
  /** Output the changed tree becomes; -1 when changes are dropped. */
  readonly output: number;
  readonly readonly: boolean;
  readonly mountType: MountType;
  /** Size in bytes, 0 for no limit. */
  readonly tmpfsOpt?: { readonly size: number } | undefined;
  readonly cacheOpt?: { readonly id: string; readonly sharing: CacheSharing } | undefined;
  readonly secretOpt?: SecretOpt | undefined;
  readonly sshOpt?: SecretOpt | undefined;
  readonly resultId: string;
  readonly contentCache: MountContentCache;
}

/** Runs a command. The mount at `/` is its root. */
export interface ExecOp {
  readonly meta: Meta;
  readonly mounts: readonly Mount[];
  readonly network: NetMode;
  readonly security: SecurityMode;
  readonly secretEnv: readonly SecretEnv[];
  readonly cdiDevices: readonly { readonly name: string; readonly optional: boolean }[];
}
