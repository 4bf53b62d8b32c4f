// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import type { HostCalls, ProcessUser } from '@img-build/interfaces';
import { openFileInRoot } from './path-in-root.ts';
import { WorkerError } from './worker-error.ts';

const MAX_ACCOUNT_FILE = 4 * 1024 * 1024;
/** -1 as an unsigned number means "leave it" to chown(2). */
const MAX_ID = 0xffff_fffe;

/** A line of /etc/passwd. @see passwd(5) */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of /etc/group. @see group(5) */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The accounts of a root file system; files that are missing are empty. */
export interface Accounts {
  readonly users: readonly PasswdEntry[];
  readonly groups: readonly GroupEntry[];
  /** Whether there is an /etc/passwd at all. */
  readonly present: boolean;
}

/** Reads /etc/passwd and /etc/group of a root. */
export function readAccounts(host: HostCalls, root: string): Accounts {
  const passwd = readSmallFile(host, root, '/etc/passwd');
  const group = readSmallFile(host, root, '/etc/group');
  return {
    present: passwd !== undefined,
    users: linesOf(passwd).flatMap(([name, , uid, gid, , home]) =>
      name && isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home: home ?? '' }] : [],
    ),
    groups: linesOf(group).flatMap(([name, , gid, members]) =>
      name && isId(gid)
        ? [{ name, gid: Number(gid), members: (members ?? '').split(',').filter((m) => m !== '') }]
        : [],
    ),
  };
}

/** A process's identity and home, from a USER value as an image config has it. */
export interface ResolvedUser extends ProcessUser {
  readonly home: string;
}

/**
 * Looks up `user`, `uid`, `user:group`. Without a group the user's own and supplementary groups hold; with one,
 * exactly that group. A number without an entry is taken as it is, with group 0.
 *
 * @throws WorkerError `EXEC_USER_UNKNOWN`
 */
export function resolveUser(accounts: Accounts, spec: string): ResolvedUser {
  const [userPart = '', groupPart] = spec.split(':', 2);
  const wanted = userPart === '' ? '0' : userPart;
  const entry =
    accounts.users.find((user) => user.name === wanted) ??
    accounts.users.find((user) => String(user.uid) === wanted);
  if (entry === undefined && !isId(wanted)) {
    throw new WorkerError(`unable to find user ${wanted}: no matching entries in passwd file`, {
      code: 'EXEC_USER_UNKNOWN',
    });
  }
  const uid = entry?.uid ?? Number(wanted);
  const home = entry?.home || '/';
  if (groupPart !== undefined && groupPart !== '') {
    const gid = resolveGroup(accounts, groupPart);
    return { uid, gid, additionalGids: [gid], home };
  }
  const gid = entry?.gid ?? 0;
  const supplementary = entry
    ? accounts.groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
    : [];
  return { uid, gid, additionalGids: [...new Set([gid, ...supplementary])], home };
}

function resolveGroup(accounts: Accounts, wanted: string): number {
  const entry = accounts.groups.find((group) => group.name === wanted);
  if (entry !== undefined) return entry.gid;
  if (isId(wanted)) return Number(wanted);
  throw new WorkerError(`unable to find group ${wanted}: no matching entries in group file`, {
    code: 'EXEC_USER_UNKNOWN',
  });
}

function readSmallFile(host: HostCalls, root: string, path: string): string | undefined {
  const fd = openFileInRoot(host, root, path);
  if (fd === undefined) return undefined;
  try {
    if (fstatSync(fd).size > MAX_ACCOUNT_FILE) {
      throw new WorkerError(`${path} is larger than ${MAX_ACCOUNT_FILE} bytes`, {
        code: 'TREE_FILE_TOO_LARGE',
      });
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function linesOf(text: string | undefined): string[][] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= MAX_ID;
}
