// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { prepareLayered } from './torture/layered.ts';

const { busybox, identities } = testRun();
/** What is left on the disk, in bytes, when a command starts. */
const LEFT = [0, 64, 768].map((kilobytes) => kilobytes * 1024);

describe.each(identities)('on a full disk, as $kind', (identity) => {
  let work: Workspace;
  let disk: string;
  let state: string;
  let layered: string;
  let context: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    layered = await prepareLayered(work);
    disk = join(work.folder, 'disk');
    state = join(disk, 'state');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=755', 'tmpfs', disk]);
    chownSync(disk, identity.uid, identity.gid);
    context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN echo a >/a\nRUN head -c 2000000 /dev/urandom >/data\n`,
    });
    await work.ok(['build', '-t', 'kept:1', context], { state });
  });

  afterAll(() => {
    execFileSync('umount', [disk]);
    work.remove();
  });

  /** Runs a command while only so many bytes are left, and gives the space back. */
  async function whenLeft<T>(bytes: number, command: () => Promise<T>): Promise<T> {
    const filler = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
    try {
      return await command();
    } finally {
      rmSync(filler);
    }
  }

  async function problems(): Promise<readonly { severity: string; kind: string }[]> {
    const { stdout } = await work.img(['doctor', '--store', '--format', 'json'], { state });
    return (JSON.parse(stdout) as { problems: { severity: string; kind: string }[] }).problems;
  }

  const fullDisk = expect.stringMatching(
    /(no space left|No space left|cannot grow: no space left|disk is full).*\/disk\/state|\/disk\/state.*(no space left|cannot grow|full)/,
  );

  test.each(LEFT)(
    'with %d bytes left, a build and a pull say so, damage nothing, and work when there is space',
    async (left) => {
      const build = ['build', '--no-cache', '-t', 'never:1', context];

      const refusals = [
        await whenLeft(left, async () => refusalOf(await work.img(build, { state }))),
        await whenLeft(left, async () => refusalOf(await work.img(['pull', layered], { state }))),
      ];

      expect(refusals).toEqual(
        refusals.map(() => ({
          code: 1,
          cause: fullDisk,
          hint: expect.stringContaining('img prune'),
          stack: [],
        })),
      );
      expect((await problems()).filter(({ severity }) => severity === 'corruption')).toEqual([]);
      await work.ok(['build', '--no-cache', '-t', 'fits:1', context], { state });
      await work.ok(['pull', layered], { state });
      expect(await problems()).toEqual([]);
      expect((await work.ok(['ls'], { state })).stdout).not.toContain('never');
      await work.ok(['rm', 'fits:1', layered], { state });
      await work.ok(['prune'], { state });
    },
  );

  test('prune frees a disk without a free byte', async () => {
    await work.ok(['build', '--no-cache', '-t', 'fits:1', context], { state });
    await work.ok(['rm', 'fits:1'], { state });

    const { code, stderr } = await whenLeft(0, async () => await work.img(['prune', '--all'], { state }));

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await problems()).toEqual([]);
    expect((await work.image('kept:1', { state })).files.get('a')?.content.toString()).toBe('a\n');
  });
});
