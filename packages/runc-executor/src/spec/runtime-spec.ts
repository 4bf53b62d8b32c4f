// SPDX-License-Identifier: MIT
import type { ContainerSpec } from '@img-build/interfaces';
import { capabilitiesOf } from './capabilities.ts';
import { type MountFacts, type RuntimeMount, runtimeMounts } from './container-mounts.ts';
import { type DeviceRule, deviceRules } from './devices.ts';
import { type RuntimeLimit, runtimeLimits } from './limits.ts';
import { type SeccompProfile, seccompProfile } from './seccomp.ts';

/** The parts of a runtime spec used here (runtime-spec 1.0.2, config.md). */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly hostname: string;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: RuntimeProcess;
  readonly mounts: readonly RuntimeMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly cgroupsPath?: string;
    readonly resources?: { readonly devices: readonly DeviceRule[] };
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
    readonly seccomp?: SeccompProfile;
  };
}

interface RuntimeProcess {
  readonly terminal: false;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<'bounding' | 'effective' | 'permitted', readonly string[]>>;
  readonly rlimits: readonly RuntimeLimit[];
}

/** What the spec depends on besides the container. */
export interface SpecFacts extends MountFacts {
  readonly arch: NodeJS.Architecture;
  /** `CapBnd` of this process, hexadecimal. */
  readonly bounding: string;
  /** Text of /proc/self/limits where no limit may be raised. */
  readonly limits?: string | undefined;
  /** False in a user namespace of one id. */
  readonly mayDropGroups: boolean;
}

/** Parts of /proc and /sys that say too much about the host; Docker hides the same. */
const MASKED = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]; // prettier-ignore
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * The runtime spec of a container whose root file system is mounted at `root`.
 *
 * @throws ExecutorError `EXECUTOR_LIMIT_REFUSED`
 */
export function runtimeSpec(spec: ContainerSpec, root: string, facts: SpecFacts): RuntimeSpec {
  const sandboxed = spec.security === 'sandbox';
  const hidden = sandboxed && facts.processSandbox;
  const seccomp = sandboxed ? seccompProfile(facts.arch, has32BitPrograms(spec)) : undefined;
  return {
    ociVersion: '1.0.2',
    hostname: spec.hostname,
    root: { path: root, readonly: spec.readonlyRoot ?? false },
    process: runtimeProcess(spec, facts),
    mounts: runtimeMounts(spec, facts),
    linux: {
      namespaces: [
        ...(facts.processSandbox ? [{ type: 'pid' }] : []),
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        ...(spec.network === 'none' ? [{ type: 'network' }] : []),
      ],
      ...(spec.cgroupParent === undefined ? {} : { cgroupsPath: `${spec.cgroupParent}/${spec.id}` }),
      // In a user namespace no cgroup guards devices: what may be opened is what the user may open.
      ...(facts.rootless ? {} : deviceRules(spec)),
      ...(hidden ? { maskedPaths: MASKED, readonlyPaths: READONLY } : {}),
      ...(seccomp === undefined ? {} : { seccomp }),
    },
  };
}

function runtimeProcess(spec: ContainerSpec, facts: SpecFacts): RuntimeProcess {
  const bounding = capabilitiesOf(spec.security, facts.bounding);
  // A user other than root starts without capabilities but may gain those in the bounding set, as with Docker.
  const active = spec.user.uid === 0 ? bounding : [];
  const groups = facts.mayDropGroups ? spec.user.additionalGids : undefined;
  return {
    terminal: false,
    user: {
      uid: spec.user.uid,
      gid: spec.user.gid,
      ...(groups === undefined ? {} : { additionalGids: groups }),
    },
    args: spec.args,
    env: spec.env,
    cwd: spec.cwd,
    capabilities: { bounding, effective: active, permitted: active },
    rlimits: runtimeLimits(spec.ulimits ?? [], facts.limits),
  };
}

function has32BitPrograms({ platform }: ContainerSpec): boolean {
  return platform?.architecture === '386' || platform?.architecture === 'arm';
}
