// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { ExecMount, SshAgent } from '@img-build/interfaces';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestWorker, oneId, parent, shell, type TestWorker, writeBusybox } from './fixture.ts';

const REQUEST_IDENTITIES = 11;
const upstream = join(parent, 'upstream');
const ENVIRONMENT = ['PATH=/bin:/usr/bin', 'SSH_AUTH_SOCK=/run/agent'];
/** What reached the agent behind. */
const asked: number[] = [];
let server: Server;
let worker: TestWorker;

beforeAll(async () => {
  worker = await createTestWorker();
  await worker.commit('base', (root) => {
    writeBusybox(root);
    copyProgram('/usr/bin/ssh-add', root);
  });
  spawnSync('ssh-keygen', ['-q', '-N', '', '-C', 'test key', '-t', 'ed25519', '-f', join(parent, 'key')]);
  server = createServer((client) => {
    client.on('data', (data: Buffer) => {
      asked.push(data[4] ?? -1);
      // No keys.
      client.write(Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 0]));
    });
  });
  await new Promise<void>((resolve) => server.listen(upstream, resolve));
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});
afterAll(() => void server.close());

function ssh(change: Partial<ExecMount> = {}): ExecMount {
  return { destination: '/run/agent', type: 'ssh', readonly: true, ...change };
}

/** A program with the libraries it is linked to, at the same places. */
function copyProgram(program: string, root: string): void {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  for (const file of [program, ...(stdout.match(/\/\S+/g) ?? [])]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(realpathSync(file), join(root, file));
  }
}

async function run(script: string, mount: ExecMount, user = ''): Promise<string> {
  const { stdout, stderr } = await worker.exec(
    shell(script, 'base', { extra: [mount], user, env: ENVIRONMENT }),
  );
  return stdout + stderr;
}

test('an agent’s socket has the owner and the mode that were asked for, and is another socket', async () => {
  const agent: SshAgent = { type: 'socket', path: upstream };
  expect(await run('stat -c "%F %a %u:%g" /run/agent', ssh({ agent }))).toBe('socket 600 0:0\n');
  expect(await run('stat -c "%F %a" /run/agent', ssh({ agent, mode: 0o666 }))).toBe('socket 666\n');
  const owned = ssh({ agent, uid: 1000, gid: 1001 });
  if (oneId) await expect(run('true', owned)).rejects.toHaveProperty('code', 'FILE_OWNER_UNMAPPED');
  else expect(await run('stat -c %u:%g /run/agent', owned, 'builder')).toBe('1000:1001\n');
});

test('there is none without an agent', async () => {
  expect(await run('test -e /run/agent || echo none; test -e /run || echo nothing', ssh())).toBe(
    'none\nnothing\n',
  );
});

test('one that nobody serves is an error, and leaves nothing', async () => {
  const agent: SshAgent = { type: 'socket', path: join(parent, 'nobody') };
  await expect(run('true', ssh({ agent }))).rejects.toHaveProperty('code', 'SSH_AGENT_UNREACHABLE');
});

test('keys from files answer by themselves', async () => {
  const agent: SshAgent = { type: 'keys', keys: [readFileSync(join(parent, 'key'))] };
  expect(await run('ssh-add -L', ssh({ agent }))).toBe(readFileSync(join(parent, 'key.pub'), 'utf8'));
});

test('what lists keys reaches the agent behind, what would change it does not', async () => {
  const agent: SshAgent = { type: 'socket', path: upstream };
  expect(await run('ssh-add -l', ssh({ agent }))).toBe('The agent has no identities.\n');
  expect(await run('ssh-add -D', ssh({ agent }))).toContain('Failed to remove all identities');
  expect([...new Set(asked)]).toEqual([REQUEST_IDENTITIES]);
});
