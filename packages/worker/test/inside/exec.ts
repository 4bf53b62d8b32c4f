// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecMount } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createEmulation } from '../../src/exec/emulation.ts';
import {
  createTestWorker,
  host,
  oneId,
  parent,
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

describe('results', () => {
  test('are kept when the command ends well', async () => {
    const { exitCode, stdout, stderr, output } = await run(
      'echo out; echo err >&2; echo new > /file; rm /etc/group',
    );
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
    expect(
      await worker.look(output, (root) => [
        readFileSync(join(root, 'file'), 'utf8'),
        existsSync(join(root, 'etc/group')),
      ]),
    ).toEqual(['new\n', false]);
  });

  test('are thrown away when it does not', async () => {
    const data: ExecMount = {
      destination: '/data',
      type: 'bind',
      readonly: false,
      output: 'data-lost',
      input: { type: 'empty' },
    };
    const { exitCode, output } = await run('touch /file /data/file; exit 3', [data]);
    expect(exitCode).toBe(3);
    expect(await worker.snapshotter.stat(output)).toBeUndefined();
    expect(await worker.snapshotter.stat('data-lost')).toBeUndefined();
  });

  test('are kept for exit codes that count as success, and for these alone', async () => {
    const three = await run('touch /file; exit 3', [], { validExitCodes: [3] });
    expect(await worker.snapshotter.stat(three.output)).toBeDefined();
    const zero = await run('touch /file', [], { validExitCodes: [3] });
    expect(await worker.snapshotter.stat(zero.output)).toBeUndefined();
  });

  test('of several mounts are kept together', async () => {
    const data: ExecMount = {
      destination: '/data',
      type: 'bind',
      readonly: false,
      output: 'data-kept',
      input: { type: 'empty' },
    };
    const { output } = await run('echo x > /data/file', [data]);
    expect(await worker.look('data-kept', (root) => readdirSync(root))).toEqual(['file']);
    expect(await worker.look(output, (root) => existsSync(join(root, 'data')))).toBe(false);
  });

  test('hold nothing when one of them cannot be kept', async () => {
    const taken: ExecMount = {
      destination: '/data',
      type: 'bind',
      readonly: false,
      output: 'base',
      input: { type: 'empty' },
    };
    const lost = `exec${outputs}`;
    await expect(run('true', [taken])).rejects.toHaveProperty('code', 'SNAPSHOT_EXISTS');
    expect(await worker.snapshotter.stat(lost)).toBeUndefined();
  });

  test('need a root', async () => {
    await expect(worker.exec(shell('true', 'base', { mounts: [] }))).rejects.toHaveProperty(
      'code',
      'EXEC_MOUNT_INVALID',
    );
  });

  test('of an aborted command are thrown away', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = worker.methods.exec(shell('echo started; sleep 98764', 'base', { output: 'aborted' }), {
      signal: controller.signal,
      notify: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(await worker.snapshotter.stat('aborted')).toBeUndefined();
    await expect(
      worker.exec(shell('true', 'base', { output: 'aborted' }), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});

describe('users', () => {
  const whoami = (user: string, env: readonly string[] = ['PATH=/bin']): Promise<{ stdout: string }> =>
    run('id -u; id -g; echo $HOME', [], { user, env });

  test('root without a name', async () => {
    expect((await whoami('')).stdout).toBe('0\n0\n/root\n');
    expect((await whoami('root:root')).stdout).toBe('0\n0\n/root\n');
  });

  test('HOME of the environment wins', async () => {
    expect((await whoami('0', ['PATH=/bin', 'HOME=/elsewhere'])).stdout).toBe('0\n0\n/elsewhere\n');
  });

  test.each([
    ['builder', 'uid=1000(builder) gid=1001(builder) groups=1001(builder),2000(extra)', '/home/builder'],
    ['1000', 'uid=1000(builder) gid=1001(builder) groups=1001(builder),2000(extra)', '/home/builder'],
    ['builder:extra', 'uid=1000(builder) gid=2000(extra) groups=2000(extra)', '/home/builder'],
    ['4321', 'uid=4321 gid=0(root) groups=0(root)', '/'],
    ['4321:8765', 'uid=4321 gid=8765 groups=8765', '/'],
  ])('%s', async (user, id, home) => {
    const running = run('id; echo $HOME', [], { user });
    // A namespace of one id has no other user; the runtime says so.
    if (oneId) await expect(running).rejects.toHaveProperty('code', 'EXECUTOR_START_FAILED');
    else expect((await running).stdout).toBe(`${id}\n${home}\n`);
  });

  test.each(['nobody-knows', 'root:nobody-knows'])('%s is unknown', async (user) => {
    await expect(run('true', [], { user })).rejects.toHaveProperty('code', 'EXEC_USER_UNKNOWN');
  });

  test('accounts behind a symlink are those of the root', async () => {
    await worker.commit('linked', (root) => {
      writeBusybox(root);
      writeTree(root, { 'etc/accounts': 'root:x:0:0::/linked:/bin/sh\n' });
    });
    const made = await worker.exec(
      shell('rm /etc/passwd; busybox ln -s /etc/accounts /etc/passwd', 'linked', { output: 'linked2' }),
    );
    expect(made.exitCode).toBe(0);
    expect((await worker.exec(shell('echo $HOME', 'linked2'))).stdout).toBe('/linked\n');
  });
});

test('the folder is made, the host name and extra hosts are known', async () => {
  const { stdout } = await run('pwd; cat /etc/hosts; cat /proc/sys/kernel/hostname', [], {
    cwd: '/not/there',
    extraHosts: [{ host: 'friend', ip: '10.1.2.3' }],
  });
  expect(stdout).toBe(
    '/not/there\n127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n10.1.2.3\tfriend\nbuildkitsandbox\n',
  );
});

describe('other architectures', () => {
  test('are refused where nothing emulates them', async () => {
    const emulation = createEmulation(host, join(parent, 'no-binfmt'));
    expect(() => emulation.ensure({ os: 'linux', architecture: 'vax' })).toThrow(
      expect.objectContaining({ code: 'EXEC_PLATFORM_UNSUPPORTED', hint: expect.stringContaining('qemu') }),
    );
    expect(() => emulation.ensure({ os: 'windows', architecture: 'amd64' })).toThrow(
      expect.objectContaining({ code: 'EXEC_PLATFORM_UNSUPPORTED' }),
    );
    expect(existsSync(join(parent, 'no-binfmt'))).toBe(false);
  });

  test('are refused before anything is prepared', async () => {
    await expect(run('true', [], { platform: { os: 'linux', architecture: 'vax' } })).rejects.toHaveProperty(
      'code',
      'EXEC_PLATFORM_UNSUPPORTED',
    );
  });

  test('the machine’s own needs no emulator', async () => {
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    expect((await run('echo own', [], { platform: { os: 'linux', architecture } })).stdout).toBe('own\n');
  });
});
