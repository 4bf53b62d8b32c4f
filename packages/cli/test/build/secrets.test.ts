// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SecretSource } from '@img-build/interfaces';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseSecretSpec } from '../../src/build/flags/secret-spec.ts';
import { parseSshSpec } from '../../src/build/flags/ssh-spec.ts';
import { createSecretSource } from '../../src/build/secrets.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

let folder: string;

beforeAll(() => {
  folder = temporaryFolder();
});

afterAll(removeFolders);

async function secrets(texts: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<SecretSource> {
  return await createSecretSource({ secrets: texts.map((text) => parseSecretSpec(text, env)), ssh: [], env });
}

async function agents(texts: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<SecretSource> {
  return await createSecretSource({ secrets: [], ssh: texts.map(parseSshSpec), env });
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

describe('secrets', () => {
  test('come byte for byte from files and from the environment', async () => {
    const bytes = Buffer.from([0, 255, 10]);
    const source = await secrets([`id=a,src=${file('a', bytes)}`, 'id=b,env=B', 'id=c,env=C', 'id=d,env=D'], {
      B: 'täxt',
      C: '',
    });
    expect(await source.secret('a')).toEqual(bytes);
    expect(String(await source.secret('b'))).toBe('täxt');
    expect(await source.secret('c')).toHaveLength(0);
    expect(await source.secret('d')).toBeUndefined();
    expect(await source.secret('other')).toBeUndefined();
  });

  test('are read when they are asked for', async () => {
    const path = file('late', 'old');
    const source = await secrets([`id=a,src=${path}`]);
    writeFileSync(path, 'new');
    expect(String(await source.secret('a'))).toBe('new');
  });

  test('may have 512,000 bytes and not one more', async () => {
    const path = file('large', 'x'.repeat(512_000));
    const source = await secrets([`id=a,src=${path}`]);
    expect(await source.secret('a')).toHaveLength(512_000);
    writeFileSync(path, 'x'.repeat(512_001));
    const tooLarge = {
      code: 'USAGE',
      message: expect.stringContaining('secret a has more than the 512000 bytes'),
    };
    await expect(source.secret('a')).rejects.toMatchObject(tooLarge);
    await expect(secrets([`id=a,src=${path}`])).rejects.toMatchObject(tooLarge);
    const variable = await secrets(['id=a,env=A'], { A: 'x'.repeat(512_001) });
    await expect(variable.secret('a')).rejects.toMatchObject(tooLarge);
  });

  test('may be what a shell gives a name to, and a writer that never comes can be given up', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const source = await secrets([`id=a,src=${pipe}`]);
    const writer = spawn('sh', ['-c', `printf secret > ${pipe}`]);
    expect(String(await source.secret('a'))).toBe('secret');
    if (writer.exitCode === null) await new Promise((done) => writer.once('exit', done));

    const endless = spawn('sh', ['-c', `cat /dev/zero > ${pipe}`], { stdio: 'ignore' });
    await expect(source.secret('a')).rejects.toHaveProperty('code', 'USAGE');
    if (endless.exitCode === null && endless.signalCode === null)
      await new Promise((done) => endless.once('exit', done));
  });

  test.each([
    ['missing', 'failed to stat'],
    ['.', 'is a directory'],
  ])('%s is refused before the build', async (name, message) => {
    await expect(secrets([`id=a,src=${join(folder, name)}`])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
    });
  });
});

describe('agents', () => {
  test('the one of the user is found in the environment', async () => {
    const source = await agents(['default'], { SSH_AUTH_SOCK: '/agent' });
    expect(await source.agent('default')).toEqual({ type: 'socket', path: '/agent' });
    expect(await source.agent('other')).toBeUndefined();
    await expect(agents(['default'])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('SSH_AUTH_SOCK is not set'),
    });
  });

  test('a socket is told from a key by what it is', async () => {
    const path = join(folder, 'sock');
    const server = createServer();
    await new Promise<void>((done) => server.listen(path, done));
    try {
      expect(await (await agents([`a=${path}`])).agent('a')).toEqual({ type: 'socket', path });
      await expect(agents([`a=${path},${path}`])).rejects.toThrow('one socket or several keys');
    } finally {
      server.close();
    }
  });

  test('keys are the content of their files', async () => {
    const paths = ['k1', 'k2'].map((name) => join(folder, name));
    for (const path of paths) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    const source = await agents([`a=${paths.join(',')}`]);
    expect(await source.agent('a')).toEqual({ type: 'keys', keys: paths.map((path) => readFileSync(path)) });
  });

  test('what nobody can sign with is refused before the build', async () => {
    mkdirSync(join(folder, 'dir'));
    const locked = join(folder, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', locked]);
    await expect(agents([`a=${join(folder, 'none')}`])).rejects.toThrow('failed to stat');
    await expect(agents([`a=${join(folder, 'dir')}`])).rejects.toThrow('neither a socket nor a key file');
    await expect(agents([`a=${file('text', 'text')}`])).rejects.toHaveProperty('code', 'SSH_KEY_INVALID');
    await expect(agents([`a=${locked}`])).rejects.toHaveProperty('code', 'SSH_KEY_INVALID');
    await expect(agents([`a=${file('huge', 'x'.repeat(65_537))}`])).rejects.toThrow('too large for a key');
  });
});
