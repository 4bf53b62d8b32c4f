// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { testRun } from '../support/test-run.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { folder, identities, registry: shared, busybox } = testRun();
const PASSWORD = 'a password, "quoted"';

describe.each(identities)('settings for registries, as $kind', (identity) => {
  let work: Workspace;
  let certificates: Certificates;
  let tokens: TokenServer;
  let closed: Registry;

  beforeAll(async () => {
    work = openWorkspace(identity);
    const own = mkdtempSync(join(folder, 'hosts-'));
    certificates = makeCertificates(join(own, 'certificates'));
    execFileSync('chmod', ['755', own]);
    tokens = await startTokenServer(certificates, { ada: PASSWORD });
    closed = await startRegistry(join(own, 'registry'), {
      tls: certificates,
      tokens: { ...tokens, ca: certificates.ca },
    });
  });

  afterAll(async () => {
    await closed.stop();
    await tokens.stop();
    work.remove();
  });

  test('a CA in certs.d is enough to log in through a token server, push, and pull elsewhere', async () => {
    const name = `${closed.host}/team/app:1`;
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: 'f' });
    await work.ok(['build', '-t', name, context]);
    const login = ['login', '-u', 'ada', '--password-stdin', closed.host];

    const untrusted = await work.img(login, { input: PASSWORD });
    expect(untrusted.code).toBe(1);
    expect(untrusted.stderr).toContain(`.config/img/certs.d/${closed.host}/ca.crt`);

    work.write({ [`home/.config/img/certs.d/${closed.host}/ca.crt`]: readFileSync(certificates.ca) });
    const strange = await work.img(['push', name]);
    expect(strange.code).toBe(1);
    expect(strange.stderr).toContain(`img login ${closed.host}`);
    const wrong = await work.img(login, { input: 'wrong' });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('refused the user name or password');

    expect((await work.ok(login, { input: `${PASSWORD}\n` })).stdout).toBe('Login succeeded.\n');
    await work.ok(['push', name]);
    await work.ok(['pull', name], { state: join(work.folder, 'elsewhere') });

    expect(tokens.asked).toContain('repository:team/app:pull,push');
    expect(closed.requests()).toContain('PUT /v2/team/app/manifests/1 201');
  });

  test('registry explain tells all of that, and no secret', async () => {
    const { stdout } = await work.ok(['registry', 'explain', `${closed.host}/team/app`]);
    const json = await work.ok(['registry', 'explain', '--format', 'json', `${closed.host}/team/app`]);

    const ca = join(work.home, `.config/img/certs.d/${closed.host}/ca.crt`);
    expect(stdout).toContain(`https://${closed.host}/v2/team/app`);
    expect(stdout).toContain(ca);
    expect(stdout).toContain(`user ada, from ${join(work.home, '.docker/config.json')}, key ${closed.host}`);
    expect(JSON.parse(json.stdout)).toMatchObject({
      domain: closed.host,
      path: 'team/app',
      reads: [{ ca: { files: [ca] }, credentials: { kind: 'file', key: closed.host, username: 'ada' } }],
    });
    const secret = Buffer.from(`ada:${PASSWORD}`).toString('base64');
    for (const text of [stdout, json.stdout]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(PASSWORD);
    }
  });

  test('registry explain refuses what it does not know', async () => {
    const [verb, format] = [
      await work.img(['registry', 'forget', 'x']),
      await work.img(['registry', 'explain', '--format', 'xml', 'x']),
    ];

    expect([verb.code, format.code]).toEqual([1, 1]);
    expect(verb.stderr).toContain('"img registry" does not know "forget"');
    expect(format.stderr).toContain('neither text nor json');
  });

  test('a login in another file that comes first is said, and one left after a logout', async () => {
    const other = join(work.folder, 'auth.json');
    const auth = Buffer.from(`ada:${PASSWORD}`).toString('base64');
    work.write({ 'auth.json': JSON.stringify({ auths: { [closed.host]: { auth } } }) });
    const env = { REGISTRY_AUTH_FILE: other };

    const login = await work.ok(['login', '-u', 'ada', '--password-stdin', closed.host], {
      env,
      input: PASSWORD,
    });
    const logout = await work.ok(['logout', closed.host], { env });

    expect(login.stderr).toContain(
      `WARNING: ${other} has a login for ${closed.host} as well and comes first.`,
    );
    expect(logout.stdout).toBe('Logout succeeded.\n');
    expect(logout.stderr).toContain(`WARNING: ${other} still has a login for ${closed.host}.`);
  });

  test('a mirror in hosts.toml serves a registry that is not there, for pulls and builds', async () => {
    const path = busybox.slice(shared.length + 1);
    work.write({
      'home/.config/img/certs.d/registry.invalid/hosts.toml': `[host."http://${shared}"]\ncapabilities = ["pull", "resolve"]\n`,
    });

    await work.ok(['pull', `registry.invalid/${path}`], { state: join(work.folder, 'mirrored') });
    const built = await work.build({ Dockerfile: `FROM registry.invalid/${path}\nCOPY g /g\n`, g: 'g' });
    expect(built.files.get('g')?.content.toString()).toBe('g');

    const missing = await work.img(['pull', 'registry.invalid/no/such:1']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain(`mirror ${shared}`);
  });

  test('what registries.conf blocks is neither pulled nor pushed', async () => {
    const file = join(work.home, '.config/containers/registries.conf');
    work.write({
      'home/.config/containers/registries.conf': `[[registry]]\nlocation = "${shared}"\nblocked = true\n`,
    });

    const pull = await work.img(['pull', busybox], { state: join(work.folder, 'blocked') });

    expect(pull.code).toBe(1);
    expect(pull.stderr).toContain(`is blocked by ${file}`);
  });
});
