// SPDX-License-Identifier: MIT
import type { Platform } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';
import type { Mount } from './mount.ts';

/** Whom a process runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[] | undefined;
}

/** A mount inside a container's root. */
export interface ContainerMount {
  /** Absolute path in the container. */
  readonly destination: string;
  readonly type: 'bind' | 'tmpfs';
  /** Host path of a bind mount. */
  readonly source?: string | undefined;
  readonly options: readonly string[];
}

/** A limit as in setrlimit(2): `nofile`, `nproc` …; -1 is no limit. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** A device node of the host. */
export interface ContainerDevice {
  /** Absolute path in the container. */
  readonly destination: string;
  /** Absolute path on the host. */
  readonly source: string;
}

/** One process in one container. */
export interface ContainerSpec {
  /** Unique; letters, digits and `-`. */
  readonly id: string;
  /** The root file system; an overlay is mounted for the run and unmounted afterwards. */
  readonly root: readonly Mount[];
  readonly readonlyRoot?: boolean | undefined;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Absolute; created when missing. */
  readonly cwd: string;
  readonly user: ProcessUser;
  readonly hostname: string;
  readonly mounts: readonly ContainerMount[];
  readonly network: 'host' | 'none';
  /** `sandbox`: docker's default capabilities and a seccomp profile; `insecure`: all capabilities, no seccomp. */
  readonly security: 'sandbox' | 'insecure';
  readonly ulimits?: readonly Ulimit[] | undefined;
  /** Bytes of /dev/shm; default 64 MiB. */
  readonly shmSize?: number | undefined;
  /** Control group below which the container gets its own; real root only. */
  readonly cgroupParent?: string | undefined;
  readonly devices?: readonly ContainerDevice[] | undefined;
  /** Of the programs in the root, when not the machine's own. */
  readonly platform?: Platform | undefined;
}

/** Where output goes; called in order, must not block. */
export interface ContainerOutput {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

/** How the process ended. */
export interface ContainerExit {
  /** 128 + signal number when a signal ended it. */
  readonly exitCode: number;
  readonly outOfMemory?: boolean | undefined;
}

/**
 * Runs containers. When `signal` aborts, the container gets SIGTERM, then SIGKILL after two seconds at most, and no
 * process, mount or file of it is left when the promise settles.
 */
export interface Executor {
  /**
   * Runs to the end; a non-zero exit is a result, not an error.
   *
   * @throws ExecutorError `EXECUTOR_RUNTIME_MISSING` (neither runc nor crun), `EXECUTOR_START_FAILED` (the runtime
   *   could not start the process; the message is the runtime's own), `EXECUTOR_COMMAND_NOT_FOUND`,
   *   `EXECUTOR_LIMIT_REFUSED` (a ulimit this user may not have), `EXECUTOR_CGROUP_UNAVAILABLE`
   */
  run(spec: ContainerSpec, output: ContainerOutput, options?: AbortOptions): Promise<ContainerExit>;
}
