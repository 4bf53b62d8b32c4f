// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { createRpcClient, spawnWorkerProcess } from '../../src/index.ts';
import { isRoot, runAsUser, UID } from '../support/unprivileged.ts';
import type { TestMethods } from '../support/worker-methods.ts';

const script = fileURLToPath(new URL('../support/test-worker.ts', import.meta.url));
const command = [
  process.execPath,
  '--conditions=@img-build/source',
  '--disable-warning=ExperimentalWarning',
  script,
] as const;

describe('a worker process of the current user', () => {
  test('runs as uid 0 and process 1 in its own session and may mount', async () => {
    const worker = await spawnWorkerProcess({ command });
    const client = createRpcClient<TestMethods>(worker.channel, { explain: () => worker.ended });
    const facts = await client.call('facts', null);
    expect(facts).toMatchObject({ pid: 1, uid: 0, mounted: true, processes: ['1'] });
    expect(worker.mapping).toBe(isRoot ? 'root' : 'sub-ids');
    client.close();
    await worker.close();
    await worker.close();
    await expect(worker.ended).resolves.toHaveProperty('message', 'the worker ended with code 0');
  });

  test('explains its death to the calls in flight', async () => {
    const worker = await spawnWorkerProcess({ command });
    const client = createRpcClient<TestMethods>(worker.channel, { explain: () => worker.ended });
    await expect(client.call('exit', { code: 9, say: 'last words' })).rejects.toMatchObject({
      code: 'WORKER_DIED',
      message: 'the worker ended with code 9: last words',
    });
    await worker.close();
  });

  test('that cannot run its program says so', async () => {
    const worker = await spawnWorkerProcess({ command: ['/nonexistent/program'] });
    await expect(worker.ended).resolves.toMatchObject({
      code: 'WORKER_DIED',
      message: expect.stringContaining('/nonexistent/program'),
    });
    await worker.close();
  });

  test('is not started after an abort', async () => {
    const reason = new Error('enough');
    await expect(spawnWorkerProcess({ command, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const starting = spawnWorkerProcess({ command, signal: controller.signal });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
  });

  test('leaves nothing behind when its parent is killed', async () => {
    const dead = spawnSync(process.execPath, [
      ...command.slice(1, -1),
      fileURLToPath(new URL('../support/worker-scenarios.ts', import.meta.url)),
      'die',
    ]);
    expect(dead.signal).toBe('SIGKILL');
    await untilGone('54321.5');
  });
});

/** Waits for the kernel to finish killing; the test's own time limit is the only clock. */
async function untilGone(argument: string): Promise<void> {
  const alive = (): boolean =>
    readdirSync('/proc').some((name) => {
      try {
        return (
          /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument)
        );
      } catch {
        return false;
      }
    });
  while (alive()) await new Promise((resolve) => setTimeout(resolve, 5));
}

// Setting up users and breaking the machine for them takes root; whoever is not root already tested the user's way above.
if (isRoot)
  describe('a worker process of an unprivileged user', () => {
    const run = (scenario: string, setup = {}, ...args: string[]): unknown =>
      runAsUser(setup, './worker-scenarios.ts', scenario, ...args);

    test('maps the user to 0 and its sub-ids from 1 on', () => {
      expect(run('facts')).toMatchObject({
        pid: 1,
        uid: 0,
        uidMap: `0 ${UID} 1\n 1 3000000 65536`,
        gidMap: `0 ${UID} 1\n 1 3000000 65536`,
        mounted: true,
        mapping: 'sub-ids',
        pidNamespace: true,
        processes: ['1'],
      });
      expect(run('chown')).toEqual({ inside: 1000, outside: 3_000_999 });
    });

    test('maps the user alone when asked to', () => {
      expect(run('facts', { subIds: false }, 'single-id')).toMatchObject({
        uid: 0,
        uidMap: `0 ${UID} 1`,
        mounted: true,
        mapping: 'single-id',
      });
      expect(run('chown', {}, 'single-id')).toMatchObject({ inside: { code: 'EINVAL' } });
    });

    test('maps the user alone inside a namespace of one id', () => {
      expect(
        run('facts', { prefix: ['unshare', '-U', '--map-user=1000', '--map-group=1000'] }),
      ).toMatchObject({ uid: 0, mapping: 'single-id', mounted: true });
    });

    test('needs no namespace of users inside one', () => {
      expect(run('facts', { prefix: ['unshare', '-U', '-r'] })).toMatchObject({
        uid: 0,
        mapping: 'root',
        mounted: true,
        pid: 1,
      });
    });

    test('sends bulk data', () => {
      expect(run('stream')).toBe(50_000_000);
    });

    test('works with busybox unshare', () => {
      expect(
        run('facts', { before: ['mount --bind "$(command -v busybox)" /usr/bin/unshare'] }),
      ).toMatchObject({ pid: 1, uid: 0, mounted: true });
    });

    test('goes without a pid namespace where /proc is masked', () => {
      expect(
        run('facts', {
          before: ['mount -t tmpfs tmpfs /proc/sys', 'mount -t tmpfs tmpfs /proc/acpi 2>/dev/null || true'],
        }),
      ).toMatchObject({ uid: 0, mounted: true, pidNamespace: false });
    });

    test.each([
      [
        'newuidmap is missing',
        { hidden: ['/usr/bin/newuidmap'] },
        'NEWUIDMAP_MISSING',
        /apt-get install uidmap/,
      ],
      ['no sub-ids are set up', { subIds: false }, 'SUBIDS_MISSING', /usermod --add-subuids .* tester/],
      ['the user has no name', { passwd: false }, 'USER_UNKNOWN', /useradd --uid 54321/],
      [
        'no_new_privs is set',
        { prefix: ['setpriv', '--no-new-privs'] },
        'NEWUIDMAP_FORBIDDEN',
        /allowPrivilegeEscalation/,
      ],
      [
        'newuidmap is not setuid',
        { before: ['cp /usr/bin/newuidmap "$PWD_COPY"', 'mount --bind "$PWD_COPY" /usr/bin/newuidmap'] },
        'NEWUIDMAP_FORBIDDEN',
        /chmod u\+s/,
      ],
      ['unshare is missing', { hidden: ['/usr/bin/unshare'] }, 'UNSHARE_MISSING', /util-linux/],
    ])('fails with a way out when %s', (_name, setup, code, hint) => {
      const copies = (setup as { before?: string[] }).before?.map((line) =>
        line.replaceAll('$PWD_COPY', '/tmp/img-plain-newuidmap'),
      );
      const withCleanUp =
        copies === undefined
          ? setup
          : {
              ...setup,
              before: [...copies, 'chmod 755 /tmp/img-plain-newuidmap', 'rm -f /tmp/img-plain-newuidmap'],
            };
      expect(run('facts', withCleanUp)).toMatchObject({ code, hint: expect.stringMatching(hint) });
    });

    test('fails with a way out when no namespace is left', () => {
      const inner = 'echo 0 > /proc/sys/user/max_user_namespaces';
      expect(
        run('facts', {
          prefix: [
            'unshare',
            '-U',
            '-r',
            'sh',
            '-c',
            `${inner}; exec setpriv --bounding-set -sys_admin --inh-caps -all "$@"`,
            'sh',
          ],
        }),
      ).toMatchObject({
        code: 'USERNS_LIMIT',
        hint: expect.stringContaining('max_user_namespaces'),
      });
    });
  });
