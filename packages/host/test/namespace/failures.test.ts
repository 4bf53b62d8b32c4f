// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { mappingFailure, unshareFailure } from '../../src/namespace/failures.ts';
import type { ProcessFacts } from '../../src/namespace/process-facts.ts';

const facts: ProcessFacts = {
  uid: 1001,
  gid: 1001,
  userName: 'alice',
  mayMount: false,
  singleId: false,
  noNewPrivileges: false,
  seccompFiltered: false,
  chrooted: false,
  sysctl: {},
};
const refused = 'unshare: unshare failed: Operation not permitted\n';

describe('a refused namespace', () => {
  test.each<[string, Partial<ProcessFacts>, RegExp]>([
    ['the sysctl of Debian', { sysctl: { unprivilegedClone: 0 } }, /unprivileged_userns_clone=1/],
    ['AppArmor', { sysctl: { apparmorRestricts: 1 } }, /apparmor_restrict_unprivileged_userns=0/],
    ['a chroot', { chrooted: true }, /outside the chroot/],
    ['seccomp', { seccompFiltered: true }, /seccomp=unconfined/],
    ['anything else', {}, /administrator/],
  ])('is explained by %s', (_name, change, hint) => {
    const error = unshareFailure(refused, { ...facts, ...change });
    expect(error).toMatchObject({ code: 'USERNS_FORBIDDEN', hint: expect.stringMatching(hint) });
    expect(error.message).toMatch(/^user namespaces are forbidden here: .*Operation not permitted\)$/);
  });

  test('is explained by the limit', () => {
    expect(unshareFailure('unshare: unshare failed: No space left on device', facts)).toMatchObject({
      code: 'USERNS_LIMIT',
    });
    expect(unshareFailure('unshare: something new', facts)).toMatchObject({
      code: 'WORKER_START_FAILED',
      message: 'cannot create namespaces: unshare: something new',
    });
  });
});

describe('a refused id map', () => {
  test.each<[string, Partial<ProcessFacts>, string]>([
    ['newuidmap: uid range [1-65537) -> [100000-165536) not allowed', {}, 'SUBIDS_MISSING'],
    ['newuidmap: Cannot determine your user name.', {}, 'USER_UNKNOWN'],
    [
      'newuidmap: write to uid_map failed: Operation not permitted',
      { noNewPrivileges: true },
      'NEWUIDMAP_FORBIDDEN',
    ],
    ['newuidmap: write to uid_map failed: Operation not permitted', {}, 'NEWUIDMAP_FORBIDDEN'],
  ])('%s', (output, change, code) => {
    const error = mappingFailure('newuidmap', output, { ...facts, ...change });
    expect(error).toMatchObject({ code, hint: expect.any(String) });
    expect(error.message.includes('\n')).toBe(false);
  });
});
