// SPDX-License-Identifier: MIT
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentialStore } from '../src/index.ts';
import { failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { guardWithTokens } from './support/token-server.ts';

const pair = (text: string): string => Buffer.from(text).toString('base64');
const named = (name: string) => ({ type: 'basic', username: name, password: 'x' });
const fileFor = (entries: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    auths: Object.fromEntries(
      Object.entries(entries).map(([host, name]) => [host, { auth: pair(`${name}:x`) }]),
    ),
  });

let home: string;
beforeEach(async () => {
  home = await temporaryFolder();
});

async function write(path: string, text: string): Promise<string> {
  await mkdir(join(home, path, '..'), { recursive: true });
  await writeFile(join(home, path), text);
  return join(home, path);
}

const open = (environment: Record<string, string> = {}) => createCredentialStore({ environment, home });

describe('the places of credentials', () => {
  test('are asked in their order, each where those before know nothing', async () => {
    const places = ['inline', 'file', 'docker', 'runtime', 'config'];
    // Place 0 knows one host, place 1 that and another one, and so on.
    const known = (last: number): string =>
      fileFor(
        Object.fromEntries(places.slice(0, last + 1).map((name) => [`${name}.test`, places[last] ?? ''])),
      );
    const environment = {
      DOCKER_AUTH_CONFIG: known(0),
      REGISTRY_AUTH_FILE: await write('a/auth.json', known(1)),
      DOCKER_CONFIG: join(await write('b/config.json', known(2)), '..'),
      XDG_RUNTIME_DIR: join(await write('c/containers/auth.json', known(3)), '../..'),
      XDG_CONFIG_HOME: join(await write('d/containers/auth.json', known(4)), '../..'),
    };
    // Places that others have taken the place of.
    await write('.docker/config.json', fileFor({ 'old.test': 'old' }));
    await write('.config/containers/auth.json', fileFor({ 'old.test': 'old' }));

    for (const name of places) expect(await open(environment).find(`${name}.test`, 'x')).toEqual(named(name));
    expect(await open(environment).find('old.test', 'x')).toBeUndefined();
    expect(await open().find('old.test', 'x')).toEqual(named('old'));
  });

  test('may be missing', async () => {
    const gone = join(home, 'gone');
    const environment = {
      DOCKER_AUTH_CONFIG: '',
      REGISTRY_AUTH_FILE: gone,
      DOCKER_CONFIG: gone,
      XDG_RUNTIME_DIR: gone,
      XDG_CONFIG_HOME: gone,
    };

    expect(await open(environment).find('r.test', 'x')).toBeUndefined();
  });

  test.each([
    ['no JSON', '{"auths":{"r.test":{"auth":"c2VjcmV0'],
    ['followed by more', `${fileFor({ 'r.test': 'secret' })}{}`],
    ['an entry that is no pair', JSON.stringify({ auths: { 'r.test': { auth: pair('secret') } } })],
  ])('are named when they are unusable, and not quoted: a variable with %s', async (_name, text) => {
    const error = await failureOf(open({ DOCKER_AUTH_CONFIG: text }).find('r.test', 'x'));

    expect(error).toMatchObject({
      code: 'REGISTRY_CREDENTIALS_INVALID',
      message: expect.stringContaining('DOCKER_AUTH_CONFIG'),
    });
    expect(`${error.message} ${String(error['cause'])}`).not.toMatch(/secret|c2VjcmV0/);
  });

  test('may be read by their owner alone after they were written by root', async () => {
    const path = await write('.docker/config.json', fileFor({ 'r.test': 'a' }));
    // Only root can give the file to somebody else; for others it stays theirs in any case.
    const { getuid = () => 0, getgid = () => 0 } = process;
    const [uid, gid] = getuid() === 0 ? [12_345, 12_346] : [getuid(), getgid()];
    await chown(path, uid, gid);
    await chmod(path, 0o600);

    await open().save('r.test', { type: 'basic', username: 'b', password: 'x' });

    const after = await stat(path);
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([uid, gid, 0o600]);
    expect(await readFile(path, 'utf8')).toContain(pair('b:x'));
  });
});

describe('a credential helper', () => {
  /** Installs a helper that every host is asked of; gives the PATH to it. */
  async function install(script: string): Promise<string> {
    const program = await write('bin/docker-credential-it', `#!/bin/sh\ncd "${home}"\n${script}\n`);
    await chmod(program, 0o755);
    await write('.docker/config.json', '{"credsStore":"it"}');
    return `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`;
  }

  test.each([
    'credentials not found in native keychain',
    'no credentials server URL',
    'no credentials username',
  ])('that says "%s" leads to a request without credentials', async (words) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    const PATH = await install(`echo '${words}'; exit 1`);

    await openClient({ credentials: open({ PATH }) }).client.resolve(reference);

    const [, tokenRequest] = registry.requests;
    expect(tokenRequest?.path).toContain('/token');
    expect(tokenRequest?.headers).not.toHaveProperty('authorization');
  });

  test.each(['echo "the keychain is locked"; exit 1', 'echo garbage'])(
    'that fails (%s) fails the request',
    async (script) => {
      const registry = await openRegistry();
      const { reference } = storeImage(registry);
      guardWithTokens(registry);
      const PATH = await install(script);

      const error = await failureOf(openClient({ credentials: open({ PATH }) }).client.resolve(reference));

      expect(error.code).toBe('REGISTRY_CREDENTIALS_INVALID');
      expect(registry.trace()).toEqual(['HEAD /v2/app/manifests/1']);
    },
  );

  test('is asked only when a registry wants credentials', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const PATH = await install('touch asked; exit 1');

    await openClient({ credentials: open({ PATH }) }).client.resolve(reference);

    expect(await readdir(home)).not.toContain('asked');
  });

  test('has the environment of its user', async () => {
    const PATH = await install('echo "{\\"Username\\":\\"$AWS_PROFILE\\",\\"Secret\\":\\"x\\"}"');

    expect(await open({ PATH, AWS_PROFILE: 'work' }).find('r.test', 'x')).toEqual(named('work'));
  });

  test('is asked once by many, of whom one may give up', async () => {
    const PATH = await install(
      'echo >> asked; while [ ! -e answer ]; do sleep 0.05; done; echo \'{"Username":"a","Secret":"x"}\'',
    );
    const store = open({ PATH });
    const abort = new AbortController();

    const impatient = failureOf(store.find('r.test', 'x', { signal: abort.signal }));
    const patient = store.find('r.test', 'y');
    abort.abort(new Error('enough'));
    expect((await impatient).message).toBe('enough');
    await write('answer', '');

    expect(await patient).toEqual(named('a'));
    expect(await store.find('r.test', 'z')).toEqual(named('a'));
    expect(await readFile(join(home, 'asked'), 'utf8')).toBe('\n');
  });

  test('is ended when nobody waits any more, and asked anew afterwards', async () => {
    const PATH = await install(
      'echo $$ >> asked; [ -e answer ] || exec sleep 1000; echo \'{"Username":"a","Secret":"x"}\'',
    );
    // Its own limit is none here: what ends it is that nobody waits.
    const store = createCredentialStore({ environment: { PATH }, home, helperTimeout: 600_000 });
    const abort = new AbortController();
    const running = failureOf(store.find('r.test', 'x', { signal: abort.signal }));
    const started = async (): Promise<readonly number[]> =>
      (await readFile(join(home, 'asked'), 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
    while ((await started()).length === 0) await new Promise((resolve) => setImmediate(resolve));

    abort.abort(new Error('enough'));
    expect((await running).message).toBe('enough');

    const [pid = 0] = await started();
    const lives = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (lives()) await new Promise((resolve) => setImmediate(resolve));
    await write('answer', '');
    expect(await store.find('r.test', 'x')).toEqual(named('a'));
  });
});
