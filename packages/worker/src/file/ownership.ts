// SPDX-License-Identifier: MIT
import type { HostCalls, Owner, OwnerName } from '@img-build/interfaces';
import { type Accounts, readAccounts } from '../accounts.ts';
import { WorkerError } from '../worker-error.ts';

/** A numeric owner. */
export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Turns names into ids by the accounts of an input tree.
 *
 * A user without a group gets the number of the user as its group, or the group of its passwd entry when it was
 * given by name. A name that an existing passwd or group file does not have stands for 0, as BuildKit has it; a tree
 * without those files cannot answer and that is an error.
 *
 * @param rootOf - root folder of input `index`.
 * @throws WorkerError `FILE_OWNER_UNKNOWN`
 */
export function resolveOwner(
  host: HostCalls,
  owner: Owner | undefined,
  rootOf: (index: number) => string,
): OwnerIds | undefined {
  if (owner === undefined || (owner.user === undefined && owner.group === undefined)) return undefined;
  const user = owner.user === undefined ? undefined : lookUpUser(host, owner.user, rootOf);
  const gid = owner.group === undefined ? user?.gid : lookUpGroup(host, owner.group, rootOf);
  return { uid: user?.uid ?? 0, gid: gid ?? 0 };
}

function lookUpUser(host: HostCalls, user: OwnerName, rootOf: (index: number) => string): OwnerIds {
  if ('id' in user) return { uid: user.id, gid: user.id };
  const accounts = accountsFor(host, user, rootOf);
  const entry = accounts.users.find((each) => each.name === user.name);
  return { uid: entry?.uid ?? 0, gid: entry?.gid ?? 0 };
}

function lookUpGroup(host: HostCalls, group: OwnerName, rootOf: (index: number) => string): number {
  if ('id' in group) return group.id;
  return accountsFor(host, group, rootOf).groups.find((each) => each.name === group.name)?.gid ?? 0;
}

function accountsFor(
  host: HostCalls,
  who: { readonly name: string; readonly input: number },
  rootOf: (index: number) => string,
): Accounts {
  const accounts = who.input < 0 ? undefined : readAccounts(host, rootOf(who.input));
  if (accounts === undefined || !accounts.present) {
    throw new WorkerError(`cannot look up ${JSON.stringify(who.name)}: the stage has no /etc/passwd`, {
      code: 'FILE_OWNER_UNKNOWN',
      hint: 'give a number instead of a name',
    });
  }
  return accounts;
}
