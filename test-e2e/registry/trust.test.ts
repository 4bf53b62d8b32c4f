// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { folder, identities } = testRun();
const PASSWORD = 'correct horse "battery" staple';

describe.each(identities)('registries that ask for trust, as $kind', (identity) => {
  let work: Workspace;
  let certificates: Certificates;
  let secure: Registry;
  let closed: Registry;
  let image: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    const own = mkdtempSync(join(folder, 'trust-'));
    // The workspace's own folder may be read by its user.
    certificates = makeCertificates(join(own, 'certificates'));
    execFileSync('chmod', ['755', own]);
    const htpasswd = join(own, 'htpasswd');
    writeFileSync(htpasswd, execFileSync('htpasswd', ['-niB', 'ada'], { input: PASSWORD }));
    secure = await startRegistry(join(own, 'secure'), { tls: certificates });
    closed = await startRegistry(join(own, 'closed'), { tls: certificates, htpasswd });
    image = `${secure.host}/app:1`;
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: 'f' });
    await work.ok(['build', '-t', image, '-t', `${closed.host}/app:1`, context]);
  });

  afterAll(async () => {
    await secure.stop();
    await closed.stop();
    work.remove();
  });

  test('a certificate nobody vouches for is refused, with what to do', async () => {
    const { code, stderr } = await work.img(['push', image]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/certificate/);
    expect(stderr).toContain(`certs.d/${secure.host}/ca.crt`);
    expect(secure.requests()).toEqual([]);
  });

  test('--insecure-registry accepts it', async () => {
    await work.ok(['push', '--insecure-registry', image]);

    expect(secure.requests()).toContain('PUT /v2/app/manifests/1 201');
  });

  test('SSL_CERT_FILE vouches for it', async () => {
    const { stdout } = await work.ok(['pull', image], {
      state: join(work.folder, 'by-variable'),
      env: { SSL_CERT_FILE: certificates.ca },
    });

    expect(stdout).toContain('Snapshot ref: sha256:');
  });

  test('certs.d vouches for it, for this registry alone', async () => {
    const home = join(work.folder, 'home-with-ca');
    work.write({
      [`home-with-ca/.config/docker/certs.d/${secure.host}/ca.crt`]: readFileSync(certificates.ca),
    });
    await work.ok(['pull', image], { state: join(work.folder, 'by-folder'), env: { HOME: home } });
    const other = await work.img(['pull', `${closed.host}/app:1`], { env: { HOME: home } });

    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/certificate/);
  });

  test('a registry with passwords refuses until login, and again after logout', async () => {
    const env = { SSL_CERT_FILE: certificates.ca };
    const name = `${closed.host}/app:1`;
    const config = join(work.home, '.docker/config.json');

    const before = await work.img(['push', name], { env });
    expect(before.code).toBe(1);
    expect(before.stderr).toContain(`img login ${closed.host}`);

    const wrong = await work.img(['login', '-u', 'ada', '--password-stdin', closed.host], {
      env,
      input: 'wrong\n',
    });
    expect(wrong.code).toBe(1);
    expect(() => statSync(config)).toThrow(/ENOENT/);

    const login = await work.ok(['login', '-u', 'ada', '--password-stdin', closed.host], {
      env,
      input: `${PASSWORD}\n`,
    });
    expect(login.stdout).toBe('Login succeeded.\n');
    expect(statSync(config)).toMatchObject({ uid: identity.uid });
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
      auths: { [closed.host]: { auth: Buffer.from(`ada:${PASSWORD}`).toString('base64') } },
    });

    await work.ok(['push', name], { env });
    await work.ok(['pull', name], { env, state: join(work.folder, 'logged-in') });
    const built = await work.build({ Dockerfile: `FROM ${name}\nCOPY g /g\n`, g: 'g' }, [], {
      env,
      state: join(work.folder, 'fresh'),
    });
    expect(built.files.get('f')?.content.toString()).toBe('f');

    const logout = await work.ok(['logout', closed.host], { env });
    expect(logout.stdout).toBe('Logout succeeded.\n');
    expect((await work.img(['pull', name], { env, state: join(work.folder, 'logged-out') })).code).toBe(1);
  });

  test('a login says what it lacks, and sends nothing', async () => {
    const config = join(work.home, '.docker/config.json');
    rmSync(config, { force: true });
    for (const [args, words] of [
      [['--password-stdin'], 'must provide --user with --password-stdin'],
      [['-u', 'ada', '-p', 'x', '--password-stdin'], 'are mutually exclusive'],
      [['-u', 'ada'], 'cannot perform an interactive login from a non TTY device'],
      [['-u', 'ada', '--password-stdin'], 'a password is needed'],
      [['-u', 'a:b', '-p', 'x'], 'the user name must not be empty or hold a colon'],
    ] as const) {
      const { code, stderr } = await work.img(['login', ...args, closed.host], { input: '\r\n' });

      expect(stderr).toContain(words);
      expect(code).toBeGreaterThan(0);
    }
    expect(() => statSync(config)).toThrow(/ENOENT/);
  });

  test('a login is kept by a helper where there is one, and else said to be unencrypted', async () => {
    const env = { SSL_CERT_FILE: certificates.ca };
    const config = join(work.home, '.docker/config.json');
    // Servers may be written as addresses, and passwords come with the end of their line.
    const login = ['login', '-u', 'ada', '--password-stdin', `https://${closed.host}/v2/`];
    const options = { env, input: `${PASSWORD}\r\n` };
    const plain = await work.ok(login, options);
    expect(plain.stderr).toContain(`WARNING: Your credentials are stored unencrypted in '${config}'.`);
    await work.ok(['logout', `https://${closed.host}`], { env });

    const helper = join(work.folder, 'bin/docker-credential-box');
    const kept = join(work.folder, 'kept');
    work.write({
      'bin/docker-credential-box': `#!/bin/sh
case $1 in
  store) cat > "${kept}" ;;
  get) if [ -e "${kept}" ]; then cat "${kept}"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  erase) rm -f "${kept}" ;;
esac
`,
      'home/.docker/config.json': '{"credsStore":"box","detachKeys":"ctrl-x"}',
    });
    chmodSync(helper, 0o755);
    const withHelper = { ...env, PATH: `${join(work.folder, 'bin')}:${process.env['PATH'] ?? ''}` };

    const boxed = await work.ok(login, { ...options, env: withHelper });
    expect(boxed.stderr).not.toContain('unencrypted');
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({
      ServerURL: closed.host,
      Username: 'ada',
      Secret: PASSWORD,
    });
    expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
      credsStore: 'box',
      detachKeys: 'ctrl-x',
      auths: { [closed.host]: {} },
    });
    await work.ok(['push', `${closed.host}/app:1`], { env: withHelper });

    await work.ok(['logout', closed.host], { env: withHelper });
    expect(existsSync(kept)).toBe(false);
    expect(JSON.parse(readFileSync(config, 'utf8'))).toMatchObject({ auths: {} });
    const again = await work.ok(['logout', closed.host], { env: withHelper });
    expect(again.stdout).toBe(`Not logged in to ${closed.host}\n`);
    rmSync(config);
  });

  test('the password never shows, not even with --debug', async () => {
    const env = { SSL_CERT_FILE: certificates.ca };
    const secret = Buffer.from(`ada:${PASSWORD}`).toString('base64');
    const login = await work.ok(['-d', 'login', '-u', 'ada', '-p', PASSWORD, closed.host], { env });
    const pull = await work.ok(['-d', 'pull', `${closed.host}/app:1`], {
      env,
      state: join(work.folder, 'debug'),
    });

    for (const { stdout, stderr } of [login, pull]) {
      expect(stdout + stderr).not.toContain(PASSWORD);
      expect(stdout + stderr).not.toContain(secret);
    }
    expect(login.stderr).toContain(
      'WARNING! Using --password via the CLI is insecure. Use --password-stdin.',
    );
  });
});
