// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileOf, type Image, textOf } from '../support/image.ts';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();
const ALLOWED = ['--allow', 'device'];
const FROM = `FROM ${busybox}\n`;

describe.each(identities)('the surroundings of RUN as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  /** Builds these instructions and returns what they wrote to /out. */
  async function built(lines: string, args: readonly string[] = [], files = {}): Promise<string | undefined> {
    return textOf(await builtImage(lines, args, files), 'out');
  }

  async function builtImage(lines: string, args: readonly string[] = [], files = {}): Promise<Image> {
    return await work.build({ Dockerfile: `${FROM}${lines}\n`, ...files }, args);
  }

  /** What a build that has to fail says. */
  async function refused(lines: string, args: readonly string[] = []): Promise<string> {
    const context = work.context({ Dockerfile: `${FROM}${lines}\n` });
    const { code, stderr } = await work.img(['build', '--no-console', ...args, context]);
    expect(code).toBe(1);
    return stderr;
  }

  test('the network can be cut off; the host’s own has to be allowed', async () => {
    const names = 'ls /sys/class/net >/out';
    expect(await built(`RUN --network=none ${names}; ip addr show lo | grep -c 'inet 127' >>/out`)).toBe(
      'lo\n1\n',
    );
    expect(await built(`RUN ${names}`, ['--network', 'none'])).toBe('lo\n');
    expect(await refused('RUN --network=host true')).toContain('network.host is not allowed');
    expect(await built('RUN --network=host echo ran >/out', ['--allow', 'network.host'])).toBe('ran\n');
  });

  test('all rights have to be allowed too, and are those a user can give', async () => {
    const lines = `RUN mount -t tmpfs none /mnt 2>/dev/null || echo sandboxed >/out
RUN --security=insecure mkdir /mnt && mount -t tmpfs none /mnt && echo mounted >>/out`;
    expect(await refused(lines)).toContain('security.insecure is not allowed');
    expect(await built(lines, ['--allow', 'security.insecure'])).toBe('sandboxed\nmounted\n');
  });

  test('hosts, limits and the size of /dev/shm come from flags', async () => {
    const flags = ['--add-host', 'db:10.1.2.3', '--add-host', 'v6:::1', '--ulimit', 'nofile=100:200'];
    const out = await built(
      `RUN grep -E 'db|v6|localhost' /etc/hosts >/out; ulimit -n >>/out; ulimit -Hn >>/out; grep -o 'size=[0-9]*k' /proc/mounts | tail -1; grep /dev/shm /proc/mounts | grep -o 'size=[0-9]*k' >>/out; hostname >>/out`,
      [...flags, '--shm-size', '2m'],
    );
    expect(out).toBe(
      '127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n10.1.2.3\tdb\n::1\tv6\n100\n200\nsize=2048k\nbuildkitsandbox\n',
    );
    const image = await builtImage('RUN true', flags);
    expect(image.files.get('etc/hosts')).toBeUndefined();
  });

  test('a limit that is not this user’s to give is an error that says which', async () => {
    const stderr = await refused('RUN true', ['--ulimit', 'nofile=10:99999999999']);
    expect(stderr).toMatch(/nofile/);
  });

  test('names are resolved as on the host', async () => {
    expect(await built('RUN cat /etc/resolv.conf >/out')).toBe(
      (await must('cat', ['/etc/resolv.conf'])).stdout,
    );
  });

  test('proxies reach steps and leave neither keys nor history', async () => {
    const context = work.context({ Dockerfile: `${FROM}RUN echo $HTTP_PROXY $http_proxy >/out\n` });
    const build = async (proxy: string): Promise<Image> => {
      await work.ok(['build', '-t', 'proxy:1', '--build-arg', `http_proxy=${proxy}`, context]);
      return await work.image('proxy:1');
    };
    const first = await build('http://one');
    expect(textOf(first, 'out')).toBe('http://one http://one\n');
    expect((await build('http://two')).digest).toBe(first.digest);
    expect(JSON.stringify(first.config)).not.toContain('http://one');
  });

  test('a device comes from the machine’s specs', async () => {
    work.write({
      'cdi/test.json': JSON.stringify({
        cdiVersion: '0.6.0',
        kind: 'example.com/zero',
        devices: [
          {
            name: 'one',
            containerEdits: {
              env: ['FOUND=yes'],
              deviceNodes: [{ path: '/dev/given', hostPath: '/dev/zero' }],
            },
          },
        ],
      }),
    });
    const context = work.context({
      Dockerfile: `${FROM}RUN --device=example.com/zero=one head -c 4 /dev/given | wc -c >/out; echo $FOUND >>/out\n`,
    });
    const env = { CDI_SPEC_DIRS: join(work.folder, 'cdi') };
    await work.ok(['build', '-t', 'device:1', ...ALLOWED, context], { env });
    expect(textOf(await work.image('device:1'), 'out')).toBe('4\nyes\n');
    expect(fileOf(await work.image('device:1'), 'dev/given')).toBeUndefined();
    const denied = await refused('RUN --device=example.com/zero=one true', ['--allow', 'device=other']);
    expect(denied).toContain('device example.com/zero=one is requested by the build but not allowed');
    // A device that is not required may be missing.
    expect(
      await built('RUN --device=example.com/zero=one test ! -e /dev/given && echo none >/out', ALLOWED),
    ).toBe('none\n');
    expect(await refused('RUN --device=example.com/zero=one,required true', ALLOWED)).toContain(
      'device example.com/zero=one is in no CDI spec',
    );
  });
});
