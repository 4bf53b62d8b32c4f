// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Identity, runsAsRoot } from '../support/identity.ts';
import { refusalOf } from '../support/refusal.ts';
import { PROGRAM_PATH, type RunResult, run } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { storedFiles } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, img } = testRun();
/** Only root can take things away from a machine, each in a mount namespace of its own. */
const takeAway = runsAsRoot ? describe : undefined;

/** Runs a build as a user after `preparation`, a shell script run by root in a new mount namespace. */
async function buildAfter(work: Workspace, preparation: string, image = busybox): Promise<RunResult> {
  const { uid, gid, user, home } = work.identity;
  const context = work.context({ Dockerfile: `FROM ${image}\nRUN echo $((6 * 7))\n` });
  const drop = `setpriv --reuid=${uid} --regid=${gid} --clear-groups --`;
  const script = `${preparation}\nexec $CHROOT ${drop} "$@"`;
  return await run(
    'unshare',
    ['-m', 'sh', '-ec', script, 'sh', img, '-s', work.state, 'build', '--no-cache', '-t', 'never:1', context],
    {
      env: { HOME: home, USER: user, CHROOT: '' },
    },
  );
}

function programs(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) =>
    PROGRAM_PATH.split(':')
      .map((folder) => join(folder, name))
      .filter(isThere),
  );
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Covers files with one that is empty and cannot be executed. */
function hide(paths: readonly string[]): string {
  return [
    'touch "$HOME/empty" && chmod 644 "$HOME/empty"',
    ...[...new Set(paths)].map((path) => `mount --bind "$HOME/empty" "$(readlink -f ${path})" || true`),
  ].join('\n');
}

takeAway?.each(identities)('a machine that lacks something, as $kind', (identity: Identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  async function expectUsable(): Promise<void> {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo $((6 * 7))\n` });
    const { stderr } = await work.ok(['build', '--no-cache', '-t', 'usable:1', context]);
    expect(stderr).toMatch(/\n#\d+ [\d.]+ 42\n/);
    expect((await work.ok(['ls'])).stdout).not.toContain('never');
  }

  test('no container runtime', async () => {
    const result = await buildAfter(work, hide(programs('runc', 'crun')));

    expect(refusalOf(result)).toEqual({
      code: 1,
      cause: expect.stringMatching(/neither runc nor crun is on PATH$/),
      hint: expect.stringContaining('apt-get install runc'),
      stack: [],
    });
    await expectUsable();
  });

  test('a full disk, at every size up to the one that suffices', async () => {
    const disk = join(work.folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', disk]);
    const small = { state: join(disk, 'state') };
    try {
      chownSync(disk, identity.uid, identity.gid);
      const context = work.context({
        Dockerfile: `FROM ${busybox}\nRUN head -c 500000 /dev/urandom >/data\n`,
      });
      for (const size of ['64k', '300k', '1m', '2m', '3500k', '4m']) {
        execFileSync('mount', ['-o', `remount,size=${size}`, disk]);

        const refusal = refusalOf(await work.img(['build', '-t', 'never:1', context], small));

        expect({ size, ...refusal }).toMatchObject({
          size,
          code: 1,
          cause: expect.stringMatching(/no space left|No space left|database or disk is full|cannot grow/),
          stack: [],
        });
      }

      execFileSync('mount', ['-o', 'remount,size=64m', disk]);
      await work.ok(['build', '-t', 'fits:1', context], small);

      const { stdout } = await work.ok(['ls'], small);
      expect(stdout).toContain('fits:1');
      expect(stdout).not.toContain('never');
      await work.ok(['rm', 'fits:1'], small);
      await work.ok(['prune'], small);
      expect(storedFiles({ ...work, ...small }).filter((path) => path.includes('/ingest/'))).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
    expect(existsSync(small.state)).toBe(false);
  });
});

takeAway?.each(identities.filter(({ kind }) => kind === 'user'))(
  'a machine that gives a user no namespace',
  (identity) => {
    let work: Workspace;

    beforeAll(() => {
      work = openWorkspace(identity);
    });

    afterAll(() => {
      work.remove();
    });

    test.each([
      ['no newuidmap', hide(programs('newuidmap')), /newuidmap is not on PATH$/, /apt-get install uidmap/],
      ['no newgidmap', hide(programs('newgidmap')), /newgidmap is not on PATH$/, /apt-get install uidmap/],
      ['no unshare', '', /unshare is not on PATH$/, /apt-get install util-linux/],
      [
        'no sub-ids',
        'touch "$HOME/empty" && mount --bind "$HOME/empty" /etc/subuid',
        /has no subordinate ids: no line in \/etc\/subuid$/,
        /^add a range as root: usermod --add-subuids \S+ --add-subgids \S+ imge2e/,
      ],
      ['no new privileges', 'CHROOT="setpriv --no-new-privs"', /no_new_privs/, /no-new-privileges/],
      [
        'a chroot',
        'mkdir -p "$HOME/root" && mount --rbind / "$HOME/root" && CHROOT="chroot $HOME/root"',
        /user namespace|chroot/,
        /^run as root, or ask/,
      ],
    ] as const)('%s', async (name, preparation, cause, hint) => {
      // The program that makes the mount namespace has to be there until it has.
      const hidden = name === 'no unshare' ? hide(programs('unshare')) : preparation;

      const result = await buildAfter(work, hidden);

      expect(refusalOf(result)).toEqual({
        code: 1,
        cause: expect.stringMatching(cause),
        hint: expect.stringMatching(hint),
        stack: [],
      });
      expect((await work.ok(['ls'])).stdout).not.toContain('never');
    });

    test('what needs no namespace works without one', async () => {
      const context = work.context({ Dockerfile: 'FROM scratch\nLABEL a=b\n' });
      const { uid, gid, home, user } = identity;
      const command = [
        '-m',
        'sh',
        '-ec',
        `${hide(programs('newuidmap'))}\nexec setpriv --reuid=${uid} --regid=${gid} --clear-groups -- "$@"`,
        'sh',
        img,
        '-s',
        work.state,
      ];
      const options = { env: { HOME: home, USER: user } };

      expect(await run('unshare', [...command, 'pull', busybox], options)).toMatchObject({ code: 0 });
      expect(await run('unshare', [...command, 'ls'], options)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(busybox),
      });
      expect(await run('unshare', [...command, 'build', '-t', 'labels:1', context], options)).toMatchObject({
        code: 0,
      });
    });
  },
);

describe.each(identities.filter(({ kind }) => kind === 'user'))(
  'a user whose surroundings are poor',
  (identity) => {
    let work: Workspace;

    beforeAll(() => {
      work = openWorkspace(identity);
    });

    afterAll(() => {
      work.remove();
    });

    test('a PATH without the folders of root finds the runtime', async () => {
      const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN true\n` });

      await work.ok(['build', '-t', 'app:1', context], { env: { PATH: '/usr/bin:/bin' } });
    });

    test('an id that is mapped to nothing has no sub-ids', async () => {
      const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN true\n` });
      const state = join(work.folder, 'unmapped');

      const result = await run('unshare', ['-U', '--', img, '-s', state, 'build', context], {
        as: identity,
        cwd: work.folder,
      });

      expect(refusalOf(result)).toEqual({
        code: 1,
        cause: expect.stringMatching(/has no subordinate ids: no line in \/etc\/subuid$/),
        hint: expect.stringMatching(/^add a range as root: usermod --add-subuids /),
        stack: [],
      });
    });
  },
);
