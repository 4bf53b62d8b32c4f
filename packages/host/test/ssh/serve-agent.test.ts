// SPDX-License-Identifier: MIT
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshAgent } from '@img-build/interfaces';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readSshPrivateKey, serveSshAgent } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const folder = temporaryFolder();
const KINDS = {
  ed25519: ['-t', 'ed25519'],
  p256: ['-t', 'ecdsa', '-b', '256'],
  p384: ['-t', 'ecdsa', '-b', '384'],
  p521: ['-t', 'ecdsa', '-b', '521'],
  rsa: ['-t', 'rsa', '-b', '2048'],
  'rsa-pem': ['-t', 'rsa', '-b', '2048', '-m', 'PEM'],
  'p256-pkcs8': ['-t', 'ecdsa', '-b', '256', '-m', 'PKCS8'],
} as const;
const names = Object.keys(KINDS) as (keyof typeof KINDS)[];
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  for (const name of names)
    await run('ssh-keygen', ['-q', '-N', '', '-C', `key ${name}`, ...KINDS[name], '-f', file(name)]);
  await run('ssh-keygen', ['-q', '-N', 'passphrase', '-t', 'ed25519', '-f', file('locked')]);
  await run('ssh-keygen', ['-q', '-N', 'passphrase', '-t', 'rsa', '-m', 'PEM', '-f', file('locked-pem')]);
});

let sockets = 0;

async function withAgent<T>(agent: SshAgent, use: (path: string) => Promise<T>): Promise<T> {
  const home = join(folder, `agent-${sockets++}`);
  mkdirSync(home);
  const served = await serveSshAgent(agent, home, 'socket');
  try {
    return await use(join(home, 'socket'));
  } finally {
    await served.close();
    expect(existsSync(join(home, 'socket'))).toBe(false);
  }
}

const keys = (...wanted: readonly string[]): SshAgent => ({
  type: 'keys',
  keys: wanted.map((name) => readFileSync(file(name))),
});

async function list(socket: string): Promise<string> {
  return (await run('ssh-add', ['-L'], { env: { SSH_AUTH_SOCK: socket } })).stdout;
}

/** Signs with the agent, which alone has the private key, and has ssh-keygen check the signature. */
async function signs(socket: string, name: string): Promise<boolean> {
  const place = join(folder, `sign-${sockets++}`);
  mkdirSync(place);
  copyFileSync(file(`${name}.pub`), join(place, 'key.pub'));
  writeFileSync(join(place, 'data'), 'to be signed');
  writeFileSync(join(place, 'allowed'), `me ${readFileSync(file(`${name}.pub`), 'utf8')}`);
  await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', 'key.pub', '-n', 'test', 'data'], {
    cwd: place,
    env: { SSH_AUTH_SOCK: socket },
  });
  const check = ['-Y', 'verify', '-f', 'allowed', '-I', 'me', '-n', 'test', '-s', 'data.sig'];
  const verify = spawn('ssh-keygen', check, { cwd: place, stdio: ['pipe', 'ignore', 'ignore'] });
  verify.stdin.end('to be signed');
  return await new Promise((resolve) => verify.once('close', (code) => resolve(code === 0)));
}

/** Sends a message and returns the type of the answer; `undefined` when there is none. */
async function ask(socket: string, message: Uint8Array): Promise<number | undefined> {
  const client = createConnection({ path: socket });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  client.write(Buffer.concat([length, message]));
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  client.on('error', () => resolve(undefined)).once('end', () => resolve(undefined));
  client.once('data', (data: Buffer) => resolve(data[4]));
  return await promise.finally(() => client.destroy());
}

describe('keys from files', () => {
  test.each(names)('%s: are listed as ssh-keygen lists them, and sign', async (name) => {
    await withAgent(keys('ed25519', name), async (socket) => {
      const [type, key] = readFileSync(file(`${name}.pub`), 'utf8').split(' ');
      expect(await list(socket)).toContain(`${type} ${key}`);
      expect(await signs(socket, name)).toBe(true);
    });
  });

  test('sign nothing for a key that is not there', async () => {
    await withAgent(keys('ed25519'), async (socket) => {
      await expect(signs(socket, 'rsa')).rejects.toThrow(/sign/i);
    });
  });

  test('with a passphrase are refused with a way out', () => {
    for (const name of ['locked', 'locked-pem'])
      expect(() => readSshPrivateKey(readFileSync(file(name)), 'mine')).toThrow(
        expect.objectContaining({
          code: 'SSH_KEY_INVALID',
          message: 'SSH key mine is protected by a passphrase',
          hint: expect.stringContaining('ssh-add mine'),
        }),
      );
  });

  test('that are none are refused', () => {
    const whole = readFileSync(file('ed25519'), 'latin1');
    const cut = whole.replace(/\n.*\n(?=-----END)/, '\n');
    for (const [text, message] of [
      [readFileSync(file('rsa.pub'), 'latin1'), 'is not a private key'],
      ['', 'is not a private key'],
      [cut, 'is a damaged private key'],
      ['x'.repeat(70_000), 'is larger than 65536 bytes'],
    ] as const)
      expect(() => readSshPrivateKey(Buffer.from(text), 'k')).toThrow(
        expect.objectContaining({ code: 'SSH_KEY_INVALID', message: `SSH key k ${message}` }),
      );
  });
});

describe('an agent’s socket', () => {
  const upstream = join(folder, 'upstream');
  let agent: ChildProcess;

  beforeAll(async () => {
    agent = spawn('ssh-agent', ['-D', '-a', upstream], { stdio: ['ignore', 'pipe', 'ignore'] });
    // It says where it listens once it does.
    await new Promise((resolve) => agent.stdout?.once('data', resolve));
    await run('ssh-add', ['-q', file('ed25519')], { env: { SSH_AUTH_SOCK: upstream } });
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => agent.once('close', resolve));
    agent.kill('SIGTERM');
    await gone;
  });

  test('lists and signs through ours', async () => {
    await withAgent({ type: 'socket', path: upstream }, async (socket) => {
      expect(await list(socket)).toBe(readFileSync(file('ed25519.pub'), 'utf8'));
      expect(await signs(socket, 'ed25519')).toBe(true);
    });
  });

  test('cannot be changed through ours', async () => {
    await withAgent({ type: 'socket', path: upstream }, async (socket) => {
      const env = { SSH_AUTH_SOCK: socket };
      await expect(run('ssh-add', ['-q', file('p256')], { env })).rejects.toThrow(/refused/);
      await expect(run('ssh-add', ['-D'], { env })).rejects.toThrow(/Failed/);
    });
    expect(await list(upstream)).toBe(readFileSync(file('ed25519.pub'), 'utf8'));
  });

  test('that nobody serves is reported by its path', async () => {
    const path = join(folder, 'nobody');
    await expect(serveSshAgent({ type: 'socket', path }, folder, 's')).rejects.toMatchObject({
      code: 'SSH_AGENT_UNREACHABLE',
      message: `no SSH agent answers at ${path} (ENOENT)`,
    });
  });
});

test('requests that make no sense are refused, and too large ones end the conversation', async () => {
  await withAgent(keys('ed25519'), async (socket) => {
    for (const message of [[], [13], [13, 0, 0, 0, 9], [27, 1], [200]])
      expect(await ask(socket, Uint8Array.from(message))).toBe(5);
    expect(await ask(socket, new Uint8Array(256 * 1024 + 1))).toBeUndefined();
    expect(await ask(socket, Uint8Array.of(11))).toBe(12);
  });
});

test('a folder with a path longer than an address is no obstacle', async () => {
  const deep = join(folder, 'long-'.repeat(30));
  mkdirSync(deep);
  const served = await serveSshAgent(keys('ed25519'), deep, 'socket');
  expect(existsSync(join(deep, 'socket'))).toBe(true);
  await served.close();
  expect(existsSync(join(deep, 'socket'))).toBe(false);
});
