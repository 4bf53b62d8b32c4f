// SPDX-License-Identifier: MIT
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentialStore, serverDomain } from '../src/index.ts';
import { failureOf } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const pair = (text: string): string => Buffer.from(text).toString('base64');
const basic = (username: string, password: string) => ({ type: 'basic', username, password });

let home: string;
beforeEach(async () => {
  home = await temporaryFolder();
});

async function writeConfig(value: unknown, folder = '.docker', name = 'config.json'): Promise<string> {
  await mkdir(join(home, folder), { recursive: true });
  const path = join(home, folder, name);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

/** A helper on PATH; what it is asked is kept in files beside it. */
async function installHelper(name: string, script: string): Promise<string> {
  const folder = join(home, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, `docker-credential-${name}`),
    `#!/bin/sh\ncd "${home}"\necho "$1" >> verbs\ncat > input\n${script}\n`,
  );
  await chmod(join(folder, `docker-credential-${name}`), 0o755);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

const open = (environment: Record<string, string> = {}, helperTimeout?: number) =>
  createCredentialStore({ environment, home, helperTimeout });

describe('credentials in a file', () => {
  test.each<[string, unknown, string, string | undefined, unknown]>([
    ['the host', { 'r.test:5000': { auth: pair('a:b:c') } }, 'r.test:5000', 'x', basic('a', 'b:c')],
    [
      'the host as an address',
      { 'https://r.test/v1/': { auth: pair('a:b') } },
      'r.test',
      'x',
      basic('a', 'b'),
    ],
    [
      'Docker Hub',
      { 'https://index.docker.io/v1/': { auth: pair('a:b') } },
      'docker.io',
      'library/x',
      basic('a', 'b'),
    ],
    [
      'Docker Hub by its short name',
      { 'docker.io': { auth: pair('a:b') } },
      'docker.io',
      'library/x',
      basic('a', 'b'),
    ],
    [
      'the longest namespace',
      { 'r.test': { auth: pair('a:b') }, 'r.test/org': { auth: pair('c:d') } },
      'r.test',
      'org/x',
      basic('c', 'd'),
    ],
    [
      'no other namespace',
      { 'r.test': { auth: pair('a:b') }, 'r.test/org': { auth: pair('c:d') } },
      'r.test',
      'organ/x',
      basic('a', 'b'),
    ],
    ['separate members', { 'r.test': { username: 'a', password: 'b' } }, 'r.test', 'x', basic('a', 'b')],
    [
      'an identity token',
      { 'r.test': { auth: pair('a:'), identitytoken: 't' } },
      'r.test',
      'x',
      { type: 'identity-token', token: 't', username: 'a' },
    ],
    ['a registry token', { 'r.test': { registrytoken: 't' } }, 'r.test', 'x', { type: 'bearer', token: 't' }],
    ['a padded password', { 'r.test': { auth: pair('a:b\0\0') } }, 'r.test', 'x', basic('a', 'b')],
    ['an empty entry', { 'r.test': {} }, 'r.test', 'x', undefined],
    ['another host', { 'r.test': { auth: pair('a:b') } }, 'other.test', 'x', undefined],
    ['a member every object has', {}, 'constructor', 'x', undefined],
  ])('are found for %s', async (_name, auths, domain, path, expected) => {
    await writeConfig({ auths });

    expect(await open().find(domain, path)).toEqual(expected);
  });

  test('come from the first place that knows the host', async () => {
    const docker = { auths: { 'r.test': { auth: pair('docker:x') } } };
    await writeConfig(docker);
    const registryFile = await writeConfig(
      { auths: { 'r.test': { auth: pair('file:x') } } },
      'other',
      'auth.json',
    );
    await writeConfig(
      { auths: { 'r.test': { auth: pair('no:x') }, 'c.test': { auth: pair('containers:x') } } },
      '.config/containers',
      'auth.json',
    );

    expect(await open().find('r.test', 'x')).toEqual(basic('docker', 'x'));
    expect(await open().find('c.test', 'x')).toEqual(basic('containers', 'x'));
    expect(await open({ REGISTRY_AUTH_FILE: registryFile }).find('r.test', 'x')).toEqual(basic('file', 'x'));
    expect(await open({ DOCKER_CONFIG: join(home, 'none') }).find('r.test', 'x')).toEqual(basic('no', 'x'));
    const inline = JSON.stringify({ auths: { 'r.test': { auth: pair('env:x') } }, extra: 1 });
    expect(
      await open({ DOCKER_AUTH_CONFIG: inline, REGISTRY_AUTH_FILE: registryFile }).find('r.test', 'x'),
    ).toEqual(basic('env', 'x'));
  });

  test.each([
    ['no JSON', '{"auths": {"r.test": {"auth": "c2VjcmV0'],
    ['a list', '[]'],
    ['an entry that is no pair', { auths: { 'r.test': { auth: pair('secret') } } }],
    ['an entry that is no base64', { auths: { 'r.test': { auth: 'secret:*' } } }],
  ])('that are %s are an error that keeps them to itself', async (_name, value) => {
    const path = await writeConfig(value);

    const error = await failureOf(open().find('r.test', 'x'));

    expect(error).toMatchObject({
      code: 'REGISTRY_CREDENTIALS_INVALID',
      message: expect.stringContaining(path),
    });
    expect(`${error.message} ${String((error['cause'] as Error | undefined)?.message)}`).not.toMatch(
      /c2VjcmV0|secret/,
    );
  });
});

describe('saving', () => {
  test('makes a file for the owner alone and keeps what it does not know', async () => {
    const store = open();
    const { name } = await store.save('r.test', { type: 'basic', username: 'a', password: 'b' });
    expect([(await stat(name)).mode & 0o777, (await stat(join(home, '.docker'))).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    await writeConfig({
      credHelpers: { 'x.test': 'x' },
      auths: { 'r.test/org': { auth: pair('c:d') }, 'https://r.test/v1/': { auth: pair('old:old') } },
      HttpHeaders: { A: 'b' },
    });
    await chmod(name, 0o640);

    await store.save('r.test', { type: 'identity-token', token: 't', username: 'a' });

    expect(JSON.parse(await readFile(name, 'utf8'))).toEqual({
      credHelpers: { 'x.test': 'x' },
      auths: { 'r.test/org': { auth: pair('c:d') }, 'r.test': { auth: pair('a:'), identitytoken: 't' } },
      HttpHeaders: { A: 'b' },
    });
    expect(await readFile(name, 'utf8')).toContain('\n\t"auths": {\n');
    expect((await stat(name)).mode & 0o777).toBe(0o640);
    expect(await readdir(join(home, '.docker'))).toEqual(['config.json']);
    expect(await store.find('r.test', 'x')).toEqual({ type: 'identity-token', token: 't', username: 'a' });
  });

  test('follows a link to the file and uses the key of Docker Hub', async () => {
    const real = await writeConfig({}, 'real', 'it.json');
    await mkdir(join(home, '.docker'));
    await symlink(real, join(home, '.docker/config.json'));

    await open().save('docker.io', { type: 'basic', username: 'a', password: 'b' });

    expect(JSON.parse(await readFile(real, 'utf8'))).toEqual({
      auths: { 'https://index.docker.io/v1/': { auth: pair('a:b') } },
    });
    expect(await open().erase('docker.io')).toBe(true);
    expect(JSON.parse(await readFile(real, 'utf8'))).toEqual({ auths: {} });
    expect(await open().erase('docker.io')).toBe(false);
  });

  test('does not touch a file it cannot read', async () => {
    const path = await writeConfig('{"auths":');

    expect(
      (await failureOf(open().save('r.test', { type: 'basic', username: 'a', password: 'b' }))).code,
    ).toBe('REGISTRY_CREDENTIALS_INVALID');
    expect(await readFile(path, 'utf8')).toBe('{"auths":');
  });
});

describe('a credential helper', () => {
  const found = '{"ServerURL":"x","Username":"a","Secret":"b"}';

  test('is asked for its host, once', async () => {
    const PATH = await installHelper('it', `echo '${found}'`);
    await writeConfig({
      credHelpers: { 'r.test': 'it' },
      credsStore: 'absent',
      auths: { 'r.test': { auth: pair('file:x') } },
    });
    const store = open({ PATH });

    expect([await store.find('r.test', 'x'), await store.find('r.test', 'y')]).toEqual([
      basic('a', 'b'),
      basic('a', 'b'),
    ]);
    expect([
      await readFile(join(home, 'verbs'), 'utf8'),
      await readFile(join(home, 'input'), 'utf8'),
    ]).toEqual(['get\n', 'r.test']);
  });

  test.each([
    ['<token>', { type: 'identity-token', token: 'b' }],
    ['', { type: 'identity-token', token: 'b' }],
  ])('may give an identity token under the name %j', async (name, expected) => {
    const PATH = await installHelper('it', `echo '{"Username":"${name}","Secret":"b"}'`);
    await writeConfig({ credsStore: 'it' });

    expect(await open({ PATH }).find('docker.io', 'x')).toEqual(expected);
    expect(await readFile(join(home, 'input'), 'utf8')).toBe('https://index.docker.io/v1/');
  });

  test('that has nothing leaves it to the file', async () => {
    const PATH = await installHelper('it', 'echo "credentials not found in native keychain"; exit 1');
    await writeConfig({ credsStore: 'it', auths: { 'r.test': { auth: pair('file:x') } } });

    expect(await open({ PATH }).find('r.test', 'x')).toEqual(basic('file', 'x'));
    expect(await open({ PATH }).find('other.test', 'x')).toBeUndefined();
  });

  test.each([
    ['fails', 'echo "keychain is locked"; exit 1', 'keychain is locked'],
    ['fails silently', 'exit 3', 'exited with 3'],
    ['prints garbage', 'echo hunter2', 'no credential'],
    ['prints too much', 'head -c 2000000 /dev/zero', 'more than 1048576 bytes'],
    ['hangs', 'exec sleep 1000', 'did not answer in time'],
  ])('that %s is an error', async (_name, script, text) => {
    const PATH = await installHelper('it', script);
    await writeConfig({ credsStore: 'it' });

    const error = await failureOf(
      open({ PATH }, script.includes('sleep') ? 200 : undefined).find('r.test', 'x'),
    );

    expect(error).toMatchObject({
      code: 'REGISTRY_CREDENTIALS_INVALID',
      message: expect.stringContaining(text),
    });
    expect(error.message).not.toContain('hunter2');
  });

  test.each(['absent', '../../bin/sh', 'a b', '-x'])('called %s is an error', async (name) => {
    await writeConfig({ credsStore: name });

    expect((await failureOf(open({ PATH: process.env['PATH'] ?? '' }).find('r.test', 'x'))).code).toBe(
      'REGISTRY_CREDENTIALS_INVALID',
    );
  });

  test('keeps and forgets what a login gives it', async () => {
    const PATH = await installHelper('it', `[ "$1" = get ] && echo '${found}'; exit 0`);
    const path = await writeConfig({ credsStore: 'it' });
    const store = open({ PATH });

    expect(await store.save('r.test', { type: 'basic', username: 'a', password: 'b' })).toEqual({
      in: 'helper',
      name: 'docker-credential-it',
    });
    expect(JSON.parse(await readFile(join(home, 'input'), 'utf8'))).toEqual({
      ServerURL: 'r.test',
      Username: 'a',
      Secret: 'b',
    });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ credsStore: 'it', auths: { 'r.test': {} } });
    expect(await store.erase('r.test')).toBe(true);
    expect(await readFile(join(home, 'verbs'), 'utf8')).toBe(`store\n${'get\nerase\n'.repeat(3)}`);
  });
});

test.each([
  [undefined, 'docker.io'],
  ['', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['https://r.test:5000/v2/', 'r.test:5000'],
  ['localhost:5000', 'localhost:5000'],
])('a server written %j is the domain %s', (server, domain) => {
  expect(serverDomain(server)).toBe(domain);
});
