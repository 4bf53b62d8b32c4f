// SPDX-License-Identifier: MIT
import type { ContainerMount, ContainerSpec, MountCalls } from '@img-build/interfaces';

/** A mount of a runtime spec. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What the mounts depend on besides the container. */
export interface MountFacts {
  readonly host: Pick<MountCalls, 'mountFlags'>;
  /** In a user namespace, where the network's own sysfs may not be mounted. */
  readonly rootless: boolean;
  /** False: the container shares the pid namespace and gets this /proc. */
  readonly processSandbox: boolean;
  /** The group `tty` exists here. */
  readonly ttyGroup: boolean;
}

const DEFAULT_SHM = 64 * 1024 * 1024;
const SAFE = ['nosuid', 'noexec', 'nodev'] as const;

/** What every container has, then what it asked for. */
export function runtimeMounts(spec: ContainerSpec, facts: MountFacts): readonly RuntimeMount[] {
  const { rootless, processSandbox, ttyGroup } = facts;
  const access = spec.security === 'insecure' ? 'rw' : 'ro';
  return [
    processSandbox
      ? special('/proc', 'proc', SAFE)
      : { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind', ...SAFE] },
    special('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    special('/dev/pts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      ...(ttyGroup ? ['gid=5'] : []),
    ]),
    special('/dev/shm', 'tmpfs', [...SAFE, 'mode=1777', `size=${spec.shmSize ?? DEFAULT_SHM}`]),
    special('/dev/mqueue', 'mqueue', SAFE),
    rootless && spec.network === 'host'
      ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', ...SAFE, access] }
      : special('/sys', 'sysfs', [...SAFE, access]),
    ...spec.mounts.map((mount) => requested(mount, facts)),
    ...(spec.devices ?? []).map(({ destination, source }) => ({
      destination,
      type: 'bind',
      source,
      options: ['bind', 'rw', 'nosuid', 'noexec'],
    })),
  ];
}

function special(destination: string, type: string, options: readonly string[]): RuntimeMount {
  return { destination, type, source: type, options };
}

function requested(
  { destination, type, source = 'tmpfs', options }: ContainerMount,
  { host }: MountFacts,
): RuntimeMount {
  if (type === 'tmpfs') return { destination, type, source, options };
  const words = options.some((word) => word === 'bind' || word === 'rbind') ? options : ['rbind', ...options];
  if (!words.includes('ro')) return { destination, type, source, options: words };
  // Making a bind mount read-only sets all its flags anew, and a user namespace may not drop those of the source.
  const kept = host
    .mountFlags(source)
    .filter((flag) => flag !== 'ro' && flag !== 'relatime' && !words.includes(flag));
  return { destination, type, source, options: [...words, ...kept] };
}
