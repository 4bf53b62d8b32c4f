// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** The user that the measured commands run as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Short, private and writable: sockets and runtime state go there. */
  readonly runtimeFolder: string;
  /** Removes the user again when it was made for this run. */
  remove(): void;
}

/** The caller itself, or a new user with subordinate ids when root asks for measurements without privileges. */
export function createAccount(work: string, asRoot: boolean): Account {
  const isRoot = process.getuid?.() === 0;
  const home = join(work, 'home');
  const runtimeFolder = join(work, 'run');
  const account = isRoot && !asRoot ? addUser(home) : { ...currentUser(), remove() {} };
  for (const folder of [home, runtimeFolder]) {
    // What an earlier run left in a kept work folder belongs to a user that is no more.
    if (isRoot) rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isRoot) chownSync(folder, account.uid, account.gid);
  }
  return { ...account, home, runtimeFolder };
}

function currentUser() {
  const { username, uid, gid } = userInfo();
  return { name: username, uid, gid };
}

/** Debian's useradd gives every normal user a range of 65536 subordinate ids. */
function addUser(home: string) {
  const name = `imgbench${process.pid}`;
  execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  const idOf = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return {
    name,
    uid: idOf('-u'),
    gid: idOf('-g'),
    remove: () => void execFileSync('userdel', [name], { stdio: 'ignore' }),
  };
}
