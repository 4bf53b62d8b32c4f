// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecMount } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import {
  createTestWorker,
  hostTree,
  oneId,
  shell,
  type TestWorker,
  writeBusybox,
  writeTree,
} from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
  await worker.commit('base', writeBusybox);
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

let outputs = 0;

/** Runs a script on the base; its result can be looked at under `output`. */
async function run(
  script: string,
  extra: readonly ExecMount[] = [],
  change: Parameters<typeof shell>[2] = {},
): Promise<{ exitCode: number; stdout: string; stderr: string; output: string }> {
  const output = `exec${outputs++}`;
  return { ...(await worker.exec(shell(script, 'base', { output, extra, ...change }))), output };
}

describe('mount points', () => {
  const tmpfs = (destination: string): ExecMount => ({ destination, type: 'tmpfs', readonly: false });

  test('do not end in the result, and times of the folders above stay', async () => {
    await worker.commit('dated', (root) => {
      writeBusybox(root);
      mkdirSync(join(root, 'var'));
      symlinkSync('/run/real/resolv.conf', join(root, 'etc/resolv.conf'));
      for (const path of ['etc', 'var', '.']) utimesSync(join(root, path), 1_000_000_000, 1_000_000_000);
    });
    const { exitCode } = await worker.exec(
      shell('cat /etc/hosts >/dev/null; touch /var/cache/deep/x', 'dated', {
        output: 'dated-out',
        extra: [tmpfs('/var/cache/deep')],
      }),
    );
    expect(exitCode).toBe(0);
    const found = await worker.look('dated-out', (root) => ({
      root: readdirSync(root).sort(),
      var: readdirSync(join(root, 'var')),
      etc: readdirSync(join(root, 'etc')).sort(),
      times: ['etc', 'var', '.'].map((path) => lstatSync(join(root, path)).mtimeMs),
    }));
    expect(found).toEqual({
      root: ['bin', 'etc', 'tmp', 'var'],
      var: [],
      etc: ['group', 'passwd', 'resolv.conf'],
      times: [1e12, 1e12, 1e12],
    });
  });

  test('stay when the command put something beside them', async () => {
    const { output } = await run('echo x > /mnt/beside', [tmpfs('/mnt/inner')]);
    expect(await worker.look(output, (root) => readdirSync(join(root, 'mnt')))).toEqual(['beside']);
  });
});

describe('mounts', () => {
  const snapshot = (change: Partial<ExecMount> = {}): ExecMount => ({
    destination: '/in',
    type: 'bind',
    readonly: true,
    input: { type: 'snapshot', name: 'data' },
    ...change,
  });
  beforeAll(async () => {
    await worker.commit('data', (root) => writeTree(root, { file: 'data', 'sub/inner': 'inner' }));
  });

  test('of a snapshot, read-only', async () => {
    const { stdout } = await run('cat /in/file; touch /in/x 2>/dev/null || echo " denied"', [snapshot()]);
    expect(stdout).toBe('data denied\n');
  });

  test('of a snapshot, writable, without changing it', async () => {
    expect(
      (await run('rm /in/file; echo new > /in/new; ls /in', [snapshot({ readonly: false })])).stdout,
    ).toBe('new\nsub\n');
    expect(await worker.look('data', (root) => readdirSync(root))).toEqual(['file', 'sub']);
  });

  test('of a part of a snapshot, also of one file', async () => {
    const extra = [snapshot({ selector: '/sub' }), snapshot({ selector: 'file', destination: '/single' })];
    expect((await run('ls /in; cat /single', extra)).stdout).toBe('inner\ndata');
    await expect(run('true', [snapshot({ selector: '/none' })])).rejects.toMatchObject({
      code: 'TREE_PATH_NOT_FOUND',
      message: '"/none": not found',
    });
  });

  test.each([true, false])('of a host folder, filtered (read-only: %s)', async (readonly) => {
    const tree = hostTree({ seen: 's', hidden: 'h' }, { exclude: ['hidden'] });
    const { stdout } = await run('ls /in; touch /in/x 2>/dev/null && echo written', [
      snapshot({ input: tree, readonly }),
    ]);
    expect(stdout).toBe(readonly ? 'seen\n' : 'seen\nwritten\n');
    expect(readdirSync(tree.path).sort()).toEqual(['hidden', 'seen']);
  });

  test('inside one another, whatever their order', async () => {
    const outer: ExecMount = { destination: '/t', type: 'tmpfs', readonly: false };
    expect((await run('cat /t/in/file; ls /t', [snapshot({ destination: '/t/in' }), outer])).stdout).toBe(
      'datain\n',
    );
  });

  test('in memory, as large as asked for', async () => {
    const { stdout } = await run('grep " /mem " /proc/mounts', [
      { destination: '/mem', type: 'tmpfs', readonly: false, size: 1024 * 1024 },
    ]);
    expect(stdout).toMatch(/^tmpfs \/mem tmpfs .*size=1024k/);
  });

  test('of a secret: there with its mode for the run, gone afterwards', async () => {
    const secret: ExecMount = {
      destination: '/run/secrets/key',
      type: 'secret',
      readonly: true,
      secret: Buffer.from('hush'),
      mode: 0o440,
      uid: 0,
      gid: 0,
    };
    const { stdout, output } = await run(
      'cat /run/secrets/key; stat -c " %a" /run/secrets/key; echo x 2>/dev/null > /run/secrets/key || echo denied',
      [secret],
    );
    expect(stdout).toBe('hush 440\ndenied\n');
    expect(await worker.look(output, (root) => existsSync(join(root, 'run')))).toBe(false);
    expect((await run('ls /run 2>/dev/null; true', [{ ...secret, secret: undefined }])).stdout).toBe('');
  });

  test('of a secret for a user that does not exist here', async () => {
    const secret: ExecMount = {
      destination: '/key',
      type: 'secret',
      readonly: true,
      secret: Buffer.from('hush'),
      uid: 1000,
    };
    if (oneId) await expect(run('true', [secret])).rejects.toHaveProperty('code', 'FILE_OWNER_UNMAPPED');
    else expect((await run('stat -c "%u %a" /key', [secret])).stdout).toBe('1000 400\n');
  });

  test('of the root, read-only, with nothing changed below', async () => {
    const mounts: readonly ExecMount[] = [
      { destination: '/', type: 'bind', readonly: true, input: { type: 'snapshot', name: 'base' } },
    ];
    expect((await worker.exec(shell('touch /x 2>/dev/null || echo denied', 'base', { mounts }))).stdout).toBe(
      'denied\n',
    );
    expect(await worker.look('base', (root) => readdirSync(root).sort())).toEqual(['bin', 'etc', 'tmp']);
  });

  test('of the root from a host folder', async () => {
    const tree = hostTree({});
    writeBusybox(tree.path);
    const mounts: readonly ExecMount[] = [
      { destination: '/', type: 'bind', readonly: false, input: tree, output: 'from-host' },
    ];
    expect((await worker.exec(shell('echo x > /made', undefined, { mounts }))).exitCode).toBe(0);
    expect(existsSync(join(tree.path, 'made'))).toBe(false);
    expect(await worker.look('from-host', (root) => existsSync(join(root, 'made')))).toBe(true);
  });
});
