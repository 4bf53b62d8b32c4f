// SPDX-License-Identifier: MIT
import { HostError } from '../host-error.ts';
import type { ProcessFacts } from './process-facts.ts';

/** Says why unshare(1) could not make a namespace, from what it printed and what is known of the process. */
export function unshareFailure(output: string, facts: ProcessFacts): HostError {
  const detail = lastLine(output);
  if (/no space left on device/i.test(output) || facts.sysctl.maxUserNamespaces === 0) {
    return new HostError(`the limit of user namespaces is reached (${detail})`, {
      code: 'USERNS_LIMIT',
      hint: 'raise it as root: sysctl -w user.max_user_namespaces=15000',
    });
  }
  if (!/not permitted|permission denied/i.test(output)) {
    return new HostError(`cannot create namespaces: ${detail}`, { code: 'WORKER_START_FAILED' });
  }
  const [cause, hint] = reasonOfRefusal(facts);
  return new HostError(`user namespaces are forbidden here: ${cause} (${detail})`, {
    code: 'USERNS_FORBIDDEN',
    hint,
  });
}

function reasonOfRefusal({
  sysctl,
  chrooted,
  seccompFiltered,
}: ProcessFacts): readonly [cause: string, hint: string] {
  if (sysctl.unprivilegedClone === 0) {
    return [
      'the kernel setting kernel.unprivileged_userns_clone is 0',
      'allow them as root: sysctl -w kernel.unprivileged_userns_clone=1',
    ];
  }
  if (sysctl.apparmorRestricts === 1) {
    return [
      'AppArmor restricts them (kernel.apparmor_restrict_unprivileged_userns is 1)',
      'allow them as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give this program an AppArmor profile with "userns,"',
    ];
  }
  if (chrooted) return ['the process runs in a chroot', 'run it outside the chroot, or as root'];
  if (seccompFiltered) {
    return [
      'a seccomp filter is active',
      'start the container with --security-opt seccomp=unconfined (docker) or seccompProfile.type: Unconfined (Kubernetes)',
    ];
  }
  return [
    'the kernel refused',
    'run as root, or ask the administrator to allow unprivileged user namespaces',
  ];
}

/** Says why newuidmap or newgidmap (`program`) failed. */
export function mappingFailure(program: string, output: string, facts: ProcessFacts): HostError {
  const detail = lastLine(output);
  if (/cannot determine your user name/i.test(output)) return unknownUser(facts);
  if (/not allowed/i.test(output)) return subIdsMissing(facts, detail);
  if (facts.noNewPrivileges) {
    return new HostError(`${program} has no effect: the process runs with no_new_privs (${detail})`, {
      code: 'NEWUIDMAP_FORBIDDEN',
      hint: 'start it without --security-opt no-new-privileges (docker) or with allowPrivilegeEscalation: true (Kubernetes)',
    });
  }
  return new HostError(`${program} cannot write the id map: ${detail}`, {
    code: 'NEWUIDMAP_FORBIDDEN',
    hint: `make it setuid, as root: chmod u+s "$(command -v ${program})"`,
  });
}

/** Says that newuidmap or newgidmap is there but cannot be executed. */
export function mapperNotStarted(program: string, error: NodeJS.ErrnoException): HostError {
  return new HostError(`${program} cannot be started (${error.code ?? error.message})`, {
    code: 'NEWUIDMAP_FORBIDDEN',
    hint: `check that you may execute it: ls -l ${program}; install the package anew, as root: apt-get install --reinstall uidmap`,
    cause: error,
  });
}

/** No sub-ids are set up for the user. */
export function subIdsMissing({ userName, uid }: ProcessFacts, detail: string): HostError {
  const user = userName ?? String(uid);
  return new HostError(`user ${user} has no subordinate ids: ${detail}`, {
    code: 'SUBIDS_MISSING',
    hint: `add a range as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
  });
}

/** newuidmap looks the caller up by name. */
export function unknownUser({ uid, gid }: ProcessFacts): HostError {
  return new HostError(`uid ${uid} has no entry in /etc/passwd, which newuidmap needs`, {
    code: 'USER_UNKNOWN',
    hint: `add one as root: useradd --uid ${uid} --gid ${gid} --no-create-home builder`,
  });
}

/** A program that has to be installed. */
export function programMissing(program: 'unshare' | 'newuidmap' | 'newgidmap'): HostError {
  if (program === 'unshare') {
    return new HostError('unshare is not on PATH', {
      code: 'UNSHARE_MISSING',
      hint: 'install it: apt-get install util-linux (or apk add util-linux)',
    });
  }
  return new HostError(`${program} is not on PATH`, {
    code: 'NEWUIDMAP_MISSING',
    hint: 'install it as root: apt-get install uidmap (Debian, Ubuntu), apk add shadow-uidmap (Alpine), dnf install shadow-utils (Fedora)',
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'no message';
}
