// SPDX-License-Identifier: MIT
import { accessSync, constants, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ExecutorError } from './executor-error.ts';

/** The program that makes containers. */
export interface Runtime {
  readonly path: string;
  readonly kind: 'runc' | 'crun';
}

/** Searched after PATH: an unprivileged user's PATH often lacks them, and Debian's runc is in one of them. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Finds `wanted` (a path or a name), or else crun, which starts a container in half the time, or else runc.
 *
 * @throws ExecutorError `EXECUTOR_RUNTIME_MISSING`
 */
export function findRuntime(wanted: string | undefined, searchPath: string | undefined): Runtime {
  const folders = [
    ...(searchPath ?? '').split(':').filter((folder) => folder.startsWith('/')),
    ...SYSTEM_FOLDERS,
  ];
  for (const name of wanted === undefined ? ['crun', 'runc'] : [wanted]) {
    for (const path of name.includes('/') ? [name] : folders.map((folder) => join(folder, name))) {
      if (isExecutable(path)) return { path, kind: /crun/.test(basename(path)) ? 'crun' : 'runc' };
    }
  }
  throw new ExecutorError(
    wanted === undefined ? 'neither runc nor crun is on PATH' : `${wanted} is not an executable program`,
    {
      code: 'EXECUTOR_RUNTIME_MISSING',
      hint: 'install one as root: apt-get install runc (Debian, Ubuntu), apk add runc (Alpine), dnf install runc (Fedora)',
    },
  );
}

/** Both versions of control groups at once, which crun refuses to use. */
function hasMixedCgroups(): boolean {
  return existsSync('/sys/fs/cgroup/unified');
}

/** Tells whether a runtime can put containers into control groups here. */
export function handlesCgroups({ kind }: Runtime): boolean {
  return kind === 'runc' || !hasMixedCgroups();
}

/** Where one container is described and logged. */
export interface RuntimeCall {
  readonly state: string;
  readonly bundle: string;
  readonly log: string;
  readonly id: string;
}

/** The command that runs a container to its end, without the quirks of the machine. */
export function runCommand(
  { path, kind }: Runtime,
  { state, bundle, log, id }: RuntimeCall,
  rootless: boolean,
): readonly [program: string, ...args: string[]] {
  if (kind === 'runc')
    return [
      path,
      '--root',
      state,
      '--log',
      log,
      '--log-format',
      'json',
      'run',
      '--no-new-keyring',
      '--bundle',
      bundle,
      id,
    ];
  // A user may use no cgroups.
  const mixed = hasMixedCgroups();
  const manager = rootless || mixed ? ['--cgroup-manager=disabled'] : [];
  const command = [
    path,
    '--root',
    state,
    '--log',
    `file:${log}`,
    '--log-format',
    'json',
    ...manager,
    'run',
    '--no-new-keyring',
    '--bundle',
    bundle,
    id,
  ] as const;
  if (!mixed && (!rootless || existsSync('/sys/fs/cgroup/cgroup.controllers'))) return command;
  // It looks at them even when told not to use any, so it must not see them.
  const hideCgroups = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"';
  return ['unshare', '-m', '/bin/sh', '-c', hideCgroups, 'sh', ...command];
}

/** The command that kills and forgets a container. */
export function deleteCommand(
  { path }: Runtime,
  { state, id }: RuntimeCall,
): readonly [program: string, ...args: string[]] {
  return [path, '--root', state, 'delete', '--force', id];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
