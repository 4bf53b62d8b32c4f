// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** A user who runs the program. */
export interface Identity {
  /** Shown in test names. */
  readonly kind: 'root' | 'user';
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly home: string;
}

const PREFIX = 'imge2e';

/** Whether the tests run as root, and so can act as both kinds. */
export const runsAsRoot: boolean = process.getuid?.() === 0;

/**
 * The users to test with: root and an unprivileged one that is made for this run, or just the user who runs the tests.
 *
 * @param folder - where homes are made
 */
export function createIdentities(folder: string): readonly Identity[] {
  if (!runsAsRoot) {
    const { uid, gid, username } = userInfo();
    return [{ kind: 'user', uid, gid, user: username, home: emptyHome(folder, 'user') }];
  }
  removeStaleUsers();
  const name = `${PREFIX}${process.pid}`;
  const home = join(folder, 'home-user');
  execFileSync('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', '--user-group', name], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [uid = 0, gid = 0] = ids(name);
  return [
    { kind: 'root', uid: 0, gid: 0, user: 'root', home: emptyHome(folder, 'root') },
    { kind: 'user', uid, gid, user: name, home },
  ];
}

/** Takes the unprivileged user back. */
export function removeIdentities(identities: readonly Identity[]): void {
  for (const { user } of identities) if (user.startsWith(PREFIX)) removeUser(user);
}

function removeUser(name: string): void {
  execFileSync('userdel', ['--force', name], { stdio: 'ignore' });
}

/** Users of runs that were killed: their process is gone. */
function removeStaleUsers(): void {
  const names = passwd().map(([name = '']) => name);
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}(\\d+)$`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeUser(name);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function ids(name: string): readonly number[] {
  const entry = passwd().find(([user]) => user === name) ?? [];
  return entry.slice(2, 4).map(Number);
}

function passwd(): readonly (readonly string[])[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}

function emptyHome(folder: string, kind: string): string {
  const home = join(folder, `home-${kind}`);
  mkdirSync(home, { mode: 0o700 });
  return home;
}
