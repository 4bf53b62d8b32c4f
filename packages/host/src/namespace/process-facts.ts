// SPDX-License-Identifier: MIT
import { userInfo } from 'node:os';
import { readOptional } from './sub-ids.ts';

/** What decides how, and whether, namespaces can be made here. */
export interface ProcessFacts {
  readonly uid: number;
  readonly gid: number;
  /** Missing when the uid has no entry in the user database. */
  readonly userName?: string | undefined;
  /** CAP_SYS_ADMIN in the current user namespace: a mount namespace needs nothing else. */
  readonly mayMount: boolean;
  /** Only one id exists in the current user namespace. */
  readonly singleId: boolean;
  readonly noNewPrivileges: boolean;
  readonly seccompFiltered: boolean;
  readonly chrooted: boolean;
  /** Settings of the kernel that forbid or limit user namespaces; missing where the kernel does not have them. */
  readonly sysctl: {
    readonly unprivilegedClone?: number | undefined;
    readonly maxUserNamespaces?: number | undefined;
    readonly apparmorRestricts?: number | undefined;
  };
}

const CAP_SYS_ADMIN = 21n;

/** Looks at the current process and machine. */
export function readProcessFacts(): ProcessFacts {
  const status = readOptional('/proc/self/status');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '0';
  const uidMap = readOptional('/proc/self/uid_map').trim().split('\n');
  const mounts = readOptional('/proc/self/mountinfo');
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    userName: userName(),
    mayMount: process.geteuid?.() === 0 && ((BigInt(`0x${field('CapEff')}`) >> CAP_SYS_ADMIN) & 1n) === 1n,
    singleId: uidMap.length === 1 && /\s1$/.test(uidMap[0] ?? ''),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccompFiltered: field('Seccomp') === '2',
    chrooted: mounts !== '' && !/^\S+ \S+ \S+ \S+ \/ /m.test(mounts),
    sysctl: {
      unprivilegedClone: sysctl('kernel/unprivileged_userns_clone'),
      maxUserNamespaces: sysctl('user/max_user_namespaces'),
      apparmorRestricts: sysctl('kernel/apparmor_restrict_unprivileged_userns'),
    },
  };
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry: usual in containers that run with an arbitrary one.
    return undefined;
  }
}

function sysctl(name: string): number | undefined {
  const text = readOptional(`/proc/sys/${name}`).trim();
  return text === '' ? undefined : Number(text);
}
