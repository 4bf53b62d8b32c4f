// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '@img-build/interfaces';
import { containerSpec, runCollecting } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { createRuncExecutor } from '../../src/index.ts';
import { createExecutor, freshRoot, host, parent, rootless } from './fixture.ts';

function mountedBelow(folder: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${folder}/`));
}

describe.each(['runc', 'crun'] as const)('%s', (runtime) => {
  async function shell(
    script: string,
    change: Partial<ContainerSpec> = {},
  ): Promise<{ exitCode: number; stdout: string; stderr: string; upper: string }> {
    const { mounts, upper } = freshRoot();
    const { executor } = createExecutor(runtime);
    return { ...(await runCollecting(executor, containerSpec(mounts, ['sh', '-c', script], change))), upper };
  }

  test('leaves the changes of the command and nothing else', async () => {
    const { mounts, upper } = freshRoot();
    const { executor, stateRoot } = createExecutor(runtime);
    const secret = join(parent, 'secret');
    writeFileSync(secret, 'hidden');
    const spec = containerSpec(mounts, ['sh', '-c', 'cat /run/secrets/one; touch /etc/new'], {
      mounts: [
        { destination: '/run/secrets/one', type: 'bind', source: secret, options: ['ro'] },
        { destination: '/etc/resolv.conf', type: 'bind', source: secret, options: ['ro'] },
        { destination: '/var/cache/x', type: 'tmpfs', options: ['size=1m'] },
        { destination: '/outside/deep', type: 'tmpfs', options: [] },
      ],
    });
    expect(await runCollecting(executor, spec)).toMatchObject({ exitCode: 0, stdout: 'hidden' });
    // What a stub was in is copied up, but holds nothing new.
    expect(readdirSync(upper)).toEqual(['etc', 'tmp']);
    expect(readdirSync(join(upper, 'tmp'))).toEqual([]);
    expect(readdirSync(join(upper, 'etc'))).toEqual(['new']);
    expect(existsSync('/tmp/deep')).toBe(false);
    expect(readdirSync(join(stateRoot, 'bundles'))).toEqual([]);
    expect(readdirSync(join(stateRoot, 'runtime'))).toEqual([]);
    expect(mountedBelow(stateRoot)).toEqual([]);
  });

  test('keeps what a command put where something was mounted, and the times of what it did not touch', async () => {
    const { mounts, upper } = freshRoot();
    const { executor } = createExecutor(runtime);
    const before = statSync(join(freshBase(mounts), 'etc'), { bigint: true }).mtimeNs;
    const mountAt = (destination: string): ContainerSpec['mounts'][number] => ({
      destination,
      type: 'tmpfs',
      options: [],
    });
    await runCollecting(
      executor,
      containerSpec(mounts, ['sh', '-c', 'echo x > /data/kept'], {
        mounts: [mountAt('/data/inner'), mountAt('/etc/gone')],
      }),
    );
    expect(readdirSync(join(upper, 'data'))).toEqual(['kept']);
    expect(statSync(join(upper, 'etc'), { bigint: true }).mtimeNs).toBe(before);
  });

  test('gives hostname, folder, environment and user', async () => {
    const { stdout } = await shell('hostname; pwd; echo "$WORD"; id -u; id -g', {
      hostname: 'builder',
      cwd: '/made/here',
      env: ['PATH=/bin', 'WORD=a b'],
    });
    expect(stdout).toBe('builder\n/made/here\na b\n0\n0\n');
  });

  test('lets nobody mount or make namespaces in the sandbox', async () => {
    const { stdout, exitCode } = await shell(
      'mount -t tmpfs none /tmp || echo no mount; unshare -U true || echo no namespace; grep CapEff /proc/self/status',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toBe('no mount\nno namespace\nCapEff:\t00000000a80425fb\n');
  });

  test('lets the insecure one mount', async () => {
    expect(await shell('mount -t tmpfs none /tmp && echo mounted', { security: 'insecure' })).toMatchObject({
      exitCode: 0,
      stdout: 'mounted\n',
    });
  });

  test('cuts off the network when asked to', async () => {
    const { stdout } = await shell('ls /sys/class/net', { network: 'none' });
    expect(stdout.trim().split(/\s+/)).toEqual(['lo']);
  });

  test('sees only its own processes and cannot write read-only places', async () => {
    const { stdout } = await shell(
      'echo $$; touch /proc/sys/kernel/x /ro/file 2>/dev/null || echo denied; ls -d /dev/null /dev/pts /dev/shm',
      {
        mounts: [
          { destination: '/ro', type: 'bind', source: mkdtempSync(join(parent, 'ro')), options: ['ro'] },
        ],
      },
    );
    expect(stdout).toBe('1\ndenied\n/dev/null\n/dev/pts\n/dev/shm\n');
  });

  test('binds read-only from a mount with flags of its own', async () => {
    const source = mkdtempSync(join(parent, 'flags'));
    host.mount('tmpfs', source, 'tmpfs', ['nosuid', 'nodev', 'noexec']);
    writeFileSync(join(source, 'file'), 'content');
    const running = shell('cat /mnt/file; touch /mnt/x 2>/dev/null || echo denied', {
      mounts: [{ destination: '/mnt', type: 'bind', source, options: ['ro'] }],
    });
    const result = await running.finally(() => host.unmount(source));
    expect(result).toMatchObject({ exitCode: 0, stdout: 'contentdenied\n' });
  });

  test('makes the root read-only when asked to', async () => {
    const { stdout, upper } = await shell('touch /x 2>/dev/null || echo denied', { readonlyRoot: true });
    expect(stdout).toBe('denied\n');
    expect(existsSync(join(upper, 'x'))).toBe(false);
  });

  test('sets limits and the size of /dev/shm', async () => {
    const { stdout } = await shell('ulimit -n; grep /dev/shm /proc/mounts', {
      ulimits: [{ name: 'nofile', soft: 100, hard: 100 }],
      shmSize: 1024 * 1024,
    });
    expect(stdout).toMatch(/^100\n.*size=1024k/);
  });

  test('lifts a limit, and refuses one this user may not have', async () => {
    const { stdout } = await shell('ulimit -c', { ulimits: [{ name: 'core', soft: -1, hard: -1 }] });
    expect(stdout).toBe('unlimited\n');
    const most = Number(/^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    const more = shell('ulimit -n', { ulimits: [{ name: 'nofile', soft: 10, hard: most + 1 }] });
    if (!mayRaiseLimits())
      await expect(more).rejects.toMatchObject({
        code: 'EXECUTOR_LIMIT_REFUSED',
        message: `ulimit nofile=10:${most + 1} is above ${most}, the most this user may have`,
      });
    else expect((await more).stdout).toBe('10\n');
    await expect(shell('true', { ulimits: [{ name: 'no', soft: 1, hard: 1 }] })).rejects.toMatchObject({
      code: 'EXECUTOR_LIMIT_REFUSED',
      message: 'there is no limit called no',
    });
  });

  test('puts root’s containers below a control group, and says why it cannot for others', async () => {
    const parent = `/img-test-${process.pid}-${runtime}`;
    const running = shell('cat /proc/self/cgroup', { cgroupParent: parent });
    if (rootless) {
      await expect(running).rejects.toHaveProperty('code', 'EXECUTOR_CGROUP_UNAVAILABLE');
      return;
    }
    try {
      if (runtime === 'crun' && existsSync('/sys/fs/cgroup/unified'))
        await expect(running).rejects.toHaveProperty('code', 'EXECUTOR_CGROUP_UNAVAILABLE');
      else expect((await running).stdout).toContain(parent);
    } finally {
      removeCgroups(parent);
    }
  });

  test('gives devices, and with all rights also those nobody asked for', async () => {
    const devices = [{ destination: '/dev/given', source: '/dev/zero' }];
    const script = 'head -c 3 /dev/given | wc -c; stat -c %t:%T /dev/given';
    expect((await shell(script, { devices })).stdout).toBe('3\n1:5\n');
    const kmsg = await shell('test -c /dev/given && head -c 0 /dev/given && echo open', {
      security: 'insecure',
      devices: [{ destination: '/dev/given', source: '/dev/full' }],
    });
    expect(kmsg.stdout).toBe('open\n');
  });

  test('reports a signal as 128 plus its number', async () => {
    expect(await shell("sh -c 'kill -9 $$'; exit $?")).toMatchObject({ exitCode: 137 });
  });

  test('passes all output on, however much', async () => {
    expect((await shell('head -c 3000000 /dev/zero')).stdout).toHaveLength(3_000_000);
  });

  test('kills a command that ignores SIGTERM, and leaves no process, mount or file', async () => {
    const { mounts } = freshRoot();
    const { executor, stateRoot } = createExecutor(runtime);
    const controller = new AbortController();
    const reason = new Error('enough');
    const spec = containerSpec(mounts, [
      'sh',
      '-c',
      "trap '' TERM; echo started; sleep 98765 & wait; wait; sleep 98765",
    ]);
    await expect(
      runCollecting(executor, spec, { signal: controller.signal, onOutput: () => controller.abort(reason) }),
    ).rejects.toBe(reason);
    expect(processesWith('98765')).toEqual([]);
    expect(mountedBelow(stateRoot)).toEqual([]);
    expect(readdirSync(join(stateRoot, 'bundles'))).toEqual([]);
    expect(readdirSync(join(stateRoot, 'runtime'))).toEqual([]);
  });

  test('says what the runtime says when the container cannot be made', async () => {
    await expect(
      shell('true', {
        mounts: [{ destination: '/x', type: 'bind', source: '/no/such/source', options: [] }],
      }),
    ).rejects.toMatchObject({
      code: 'EXECUTOR_START_FAILED',
      message: expect.stringMatching(/^the container could not be started: ./),
    });
  });

  test('runs several at once', async () => {
    const { executor } = createExecutor(runtime);
    const results = await Promise.all(
      [1, 2, 3, 4].map((number) =>
        runCollecting(executor, containerSpec(freshRoot().mounts, ['echo', String(number)])),
      ),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n']);
  });

  test('shares the pid namespace where /proc is masked', async () => {
    const { executor } = createExecutor(runtime, { processSandbox: false });
    const result = await runCollecting(
      executor,
      containerSpec(freshRoot().mounts, ['sh', '-c', 'test $$ != 1 && echo shared']),
    );
    expect(result).toMatchObject({ exitCode: 0, stdout: 'shared\n' });
  });

  test('can be run twice on one volatile upper folder', async () => {
    const { mounts, upper } = freshRoot();
    const { executor } = createExecutor(runtime, { volatile: true });
    for (const name of ['a', 'b'])
      await runCollecting(executor, containerSpec(mounts, ['touch', `/tmp/${name}`]));
    expect(readdirSync(join(upper, 'tmp')).sort()).toEqual(['a', 'b']);
  });
});

/** Root’s CAP_SYS_RESOURCE; in a user namespace it means nothing. */
function mayRaiseLimits(): boolean {
  const effective = /^CapEff:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return !rootless && ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}

/** A hierarchy of each controller may have it. */
function removeCgroups(parent: string): void {
  for (const controller of ['.', ...readdirSync('/sys/fs/cgroup')])
    if (existsSync(join('/sys/fs/cgroup', controller, parent)))
      rmdirSync(join('/sys/fs/cgroup', controller, parent));
}

function freshBase(mounts: ContainerSpec['root']): string {
  return mounts[0]?.options.find((word) => word.startsWith('lowerdir='))?.slice('lowerdir='.length) ?? '';
}

function processesWith(argument: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument)
      );
    } catch {
      return false;
    }
  });
}

test('a runtime that does not exist is named, with a way out', async () => {
  const stateRoot = join(parent, 'none');
  mkdirSync(stateRoot);
  const executor = createRuncExecutor({ host, stateRoot, rootless, runtime: 'no-such-runtime' });
  await expect(runCollecting(executor, containerSpec(freshRoot().mounts, ['true']))).rejects.toMatchObject({
    code: 'EXECUTOR_RUNTIME_MISSING',
    hint: expect.stringContaining('apt-get install runc'),
  });
  expect(readdirSync(stateRoot)).toEqual([]);
});

test('an id that could name another folder is refused', async () => {
  const { executor } = createExecutor('runc');
  await expect(
    runCollecting(executor, containerSpec(freshRoot().mounts, ['true'], { id: '../x' })),
  ).rejects.toThrow(RangeError);
});
