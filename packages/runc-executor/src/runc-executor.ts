// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type {
  AbortOptions,
  ContainerExit,
  ContainerOutput,
  ContainerSpec,
  Executor,
  FileCalls,
  MountCalls,
} from '@img-build/interfaces';
import { ExecutorError } from './executor-error.ts';
import { mountRoot } from './mounted-root.ts';
import { runProcess } from './run-process.ts';
import {
  deleteCommand,
  findRuntime,
  handlesCgroups,
  type Runtime,
  type RuntimeCall,
  runCommand,
} from './runtime.ts';
import { startFailure } from './runtime-log.ts';
import type { RuntimeMount } from './spec/container-mounts.ts';
import { runtimeSpec, type SpecFacts } from './spec/runtime-spec.ts';
import { createStubs } from './stubs.ts';

/** What an executor needs. It must run where mounting is allowed. */
export interface RuncExecutorOptions {
  readonly host: MountCalls & FileCalls;
  /** Private, short and writable; bundles and the runtime's state go there and are removed after each run. */
  readonly stateRoot: string;
  /** This process is in a user namespace. */
  readonly rootless: boolean;
  /** False where /proc is masked and a new one cannot be mounted: containers then share the pid namespace. Default: true. */
  readonly processSandbox?: boolean | undefined;
  /** Name or path; default: crun, else runc, looked up on PATH and in the system's folders at the first run. */
  readonly runtime?: string | undefined;
  /** Do not write changes to disk at the end of a run: faster, but a power failure may damage what was just committed. Default: false. */
  readonly volatile?: boolean | undefined;
}

/** Runs containers with runc or crun. */
export function createRuncExecutor(options: RuncExecutorOptions): Executor {
  let runtime: Runtime | undefined;
  let facts: SpecFacts | undefined;

  return {
    async run(spec, output, { signal } = {}) {
      signal?.throwIfAborted();
      if (!/^[A-Za-z0-9-]+$/.test(spec.id))
        throw new RangeError(`container id ${spec.id} has other characters than letters, digits and -`);
      if (spec.cgroupParent !== undefined) requireCgroups(spec.cgroupParent, options);
      runtime ??= findRuntime(options.runtime, process.env['PATH']);
      facts ??= readFacts(options);
      const suited = spec.cgroupParent === undefined ? runtime : withCgroups(runtime, options.runtime);
      return runContainer({ ...options, runtime: suited, facts }, spec, output, { signal });
    },
  };
}

interface RunOptions extends Pick<RuncExecutorOptions, 'host' | 'stateRoot' | 'rootless' | 'volatile'> {
  readonly runtime: Runtime;
  readonly facts: SpecFacts;
}

async function runContainer(
  options: RunOptions,
  spec: ContainerSpec,
  output: ContainerOutput,
  { signal }: AbortOptions,
): Promise<ContainerExit> {
  const { host, stateRoot, rootless, runtime, facts } = options;
  const bundle = join(stateRoot, 'bundles', spec.id);
  const rootfs = join(bundle, 'rootfs');
  const call: RuntimeCall = {
    state: join(stateRoot, 'runtime'),
    bundle,
    log: join(bundle, 'log.json'),
    id: spec.id,
  };
  const cleanUps: (() => void)[] = [() => rmSync(bundle, { recursive: true, force: true })];
  const silent: ContainerOutput = { stdout: () => {}, stderr: () => {} };
  const forget = async (): Promise<void> =>
    void (await runProcess({ command: deleteCommand(runtime, call), output: silent, kill: async () => {} }));
  try {
    mkdirSync(call.state, { recursive: true, mode: 0o700 });
    mkdirSync(rootfs, { recursive: true, mode: 0o700 });
    cleanUps.push(mountRoot(host, spec.root, rootfs, { volatile: options.volatile ?? false }));
    const config = runtimeSpec(spec, rootfs, facts);
    cleanUps.push(createStubs(host, rootfs, config.mounts.map(mountPoint)));
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config), { mode: 0o600 });
    const exitCode = await runProcess({
      command: runCommand(runtime, call, rootless),
      output,
      signal,
      kill: forget,
    });
    if (signal?.aborted === true) {
      await forget();
      throw signal.reason;
    }
    const failure = exitCode === 0 ? undefined : startFailure(readLog(call.log), spec.args[0] ?? '');
    if (failure === undefined) return { exitCode };
    await forget();
    throw failure;
  } finally {
    for (const cleanUp of cleanUps.reverse()) cleanUp();
  }
}

function mountPoint({ destination, type, source }: RuntimeMount): {
  readonly destination: string;
  readonly folder: boolean;
} {
  // A missing source is for the runtime to report.
  return {
    destination,
    folder: type !== 'bind' || (statSync(source, { throwIfNoEntry: false })?.isDirectory() ?? false),
  };
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return '';
    throw error;
  }
}

function requireCgroups(parent: string, { rootless }: RuncExecutorOptions): void {
  if (!rootless) return;
  throw new ExecutorError(`cgroup parent ${parent} cannot be used: only root may make control groups here`, {
    code: 'EXECUTOR_CGROUP_UNAVAILABLE',
    hint: 'build as root, or put the whole build into a control group: systemd-run --user --scope --slice=NAME img build …',
  });
}

/** The runtime, or the other one where it cannot handle this machine's control groups and nobody insists on it. */
function withCgroups(runtime: Runtime, wanted: string | undefined): Runtime {
  if (handlesCgroups(runtime)) return runtime;
  if (wanted === undefined) {
    const other = findRuntime('runc', process.env['PATH']);
    if (handlesCgroups(other)) return other;
  }
  throw new ExecutorError(`${runtime.path} cannot use a mix of both versions of control groups`, {
    code: 'EXECUTOR_CGROUP_UNAVAILABLE',
    hint: 'use runc: apt-get install runc',
  });
}

/** @see capabilities(7) */
const CAP_SYS_RESOURCE = 24n;

function hasCapability(status: string, capability: bigint): boolean {
  return ((BigInt(`0x${/^CapEff:\s*(\S+)/m.exec(status)?.[1] ?? '0'}`) >> capability) & 1n) === 1n;
}

const TTY_GROUP = 5;

function readFacts({ host, rootless, processSandbox = true }: RuncExecutorOptions): SpecFacts {
  const status = readFileSync('/proc/self/status', 'utf8');
  const groups = readFileSync('/proc/self/gid_map', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return {
    host,
    rootless,
    processSandbox,
    arch: process.arch,
    // In a user namespace the capability is there, and means nothing.
    limits:
      rootless || !hasCapability(status, CAP_SYS_RESOURCE)
        ? readFileSync('/proc/self/limits', 'utf8')
        : undefined,
    bounding: /^CapBnd:\s*(\S+)/m.exec(status)?.[1] ?? '0',
    mayDropGroups: readFileSync('/proc/self/setgroups', 'utf8').trim() === 'allow',
    ttyGroup: groups.some(([inside = 0, , count = 0]) => inside <= TTY_GROUP && TTY_GROUP < inside + count),
  };
}
