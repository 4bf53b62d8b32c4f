// SPDX-License-Identifier: MIT
import { HostError } from '../host-error.ts';
import { programMissing, subIdsMissing, unknownUser, unshareFailure } from './failures.ts';
import { findProgram } from './find-program.ts';
import { type ProcessFacts, readProcessFacts } from './process-facts.ts';
import { type IdRange, parseSubIds, readOptional } from './sub-ids.ts';

/** One thing that namespaces need. */
export interface NamespaceNeed {
  /** `user namespaces`, `newuidmap` … */
  readonly subject: string;
  /** What was found. */
  readonly found: string;
  /** Why it does not do. */
  readonly fault?: HostError | undefined;
  /** It may still do: only a try can tell. */
  readonly isDoubtful?: boolean | undefined;
}

/**
 * Looks at all that a worker's namespaces need on this machine, where starting one would stop at the first thing that is
 * missing. Starts nothing.
 *
 * @param searchPath - as in `$PATH`.
 */
export function diagnoseNamespaces(
  searchPath: string | undefined,
  facts: ProcessFacts = readProcessFacts(),
): readonly NamespaceNeed[] {
  const unshare = programNeed('unshare', searchPath);
  if (facts.mayMount) return [{ subject: 'user', found: 'may mount: no user namespace is needed' }, unshare];
  return [
    userNeed(facts),
    unshare,
    kernelNeed(facts),
    programNeed('newuidmap', searchPath),
    programNeed('newgidmap', searchPath),
    subIdNeed('/etc/subuid', facts),
    subIdNeed('/etc/subgid', facts),
  ];
}

function userNeed(facts: ProcessFacts): NamespaceNeed {
  if (facts.userName === undefined)
    return { subject: 'user', found: `uid ${facts.uid}`, fault: unknownUser(facts) };
  return { subject: 'user', found: `${facts.userName} (uid ${facts.uid})` };
}

function programNeed(
  name: 'unshare' | 'newuidmap' | 'newgidmap',
  searchPath: string | undefined,
): NamespaceNeed {
  const path = findProgram(name, searchPath);
  return path === undefined
    ? { subject: name, found: 'nothing', fault: programMissing(name) }
    : { subject: name, found: path };
}

function kernelNeed(facts: ProcessFacts): NamespaceNeed {
  const { maxUserNamespaces, unprivilegedClone, apparmorRestricts } = facts.sysctl;
  const subject = 'user namespaces';
  if (maxUserNamespaces === 0 || unprivilegedClone === 0)
    return { subject, found: 'forbidden', fault: unshareFailure('not permitted by a kernel setting', facts) };
  if (facts.noNewPrivileges) {
    const fault = new HostError('the process runs with no_new_privs, so newuidmap has no effect', {
      code: 'NEWUIDMAP_FORBIDDEN',
      hint: 'start it without --security-opt no-new-privileges (docker) or with allowPrivilegeEscalation: true (Kubernetes)',
    });
    return { subject, found: 'no_new_privs', fault };
  }
  if (apparmorRestricts === 1)
    return {
      subject,
      found: 'restricted by AppArmor',
      fault: unshareFailure('not permitted unless a profile allows it', facts),
      isDoubtful: true,
    };
  return { subject, found: `the kernel allows ${maxUserNamespaces ?? 'them'}` };
}

function subIdNeed(file: '/etc/subuid' | '/etc/subgid', facts: ProcessFacts): NamespaceNeed {
  const ranges = parseSubIds(readOptional(file), { name: facts.userName, uid: facts.uid });
  const subject = file === '/etc/subuid' ? 'subordinate user ids' : 'subordinate group ids';
  if (ranges.length === 0)
    return { subject, found: 'none', fault: subIdsMissing(facts, `no line in ${file}`) };
  return { subject, found: `${total(ranges)} in ${file}` };
}

function total(ranges: readonly IdRange[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0);
}
