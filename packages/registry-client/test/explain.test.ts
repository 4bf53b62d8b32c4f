// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createCredentialStore, explainHost, type HostExplanation } from '../src/index.ts';
import { writeSettings } from './support/settings.ts';
import { failureOf } from './support/setup.ts';

const pair = (text: string): string => Buffer.from(text).toString('base64');

async function explain(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  hosts = {},
): Promise<{ readonly explanation: HostExplanation; readonly root: string }> {
  const { root, options } = await writeSettings(files);
  const credentials = createCredentialStore({ environment, home: join(root, 'home') });
  const reference = { domain: 'r.test:5000', path: 'team/app' };
  return { root, explanation: await explainHost(reference, { ...options, environment, credentials, hosts }) };
}

describe('the explanation of a registry', () => {
  test('that no file knows is short', async () => {
    const { explanation } = await explain({});

    expect(explanation).toMatchObject({ domain: 'r.test:5000', path: 'team/app', notes: [] });
    expect(explanation).not.toHaveProperty('decidedBy');
    expect(explanation.reads).toEqual([
      {
        url: 'https://r.test:5000/v2/team/app',
        scheme: 'https',
        schemeFrom: 'default',
        mirror: false,
        for: ['pull', 'resolve', 'referrers', 'list'],
        verifies: true,
        verifiesFrom: 'default',
        passed: [],
        headers: [],
        proxy: {},
        credentials: expect.objectContaining({ kind: 'none' }),
      },
    ]);
    expect(explanation.considered.every(({ outcome }) => outcome === 'missing')).toBe(true);
  });

  test('names every host, file, key and proxy, and nothing that is secret', async () => {
    const hosts = 'home/.config/img/certs.d/r.test_5000_';
    const { explanation, root } = await explain(
      {
        [`${hosts}/hosts.toml`]: `
          [host."https://m.test/cache"]
          capabilities = ["pull"]
          ca = "m.pem"
          client = [["c.pem", "k.pem"]]
          header = { x-key = "hidden-header" }`,
        'etc/docker/certs.d/r.test:5000/ca.crt': 'pem',
        'etc/containerd/certs.d/r.test:5000/ca.crt': 'pem',
        'etc/buildkit/buildkitd.toml': '[registry."r.test:5000"]\nmirrors = ["other.test"]',
        'etc/containers/registries.conf': 'unqualified-search-registries = ["x.test"]',
        'home/.docker/config.json': JSON.stringify({
          auths: { 'r.test:5000/team': { auth: pair('alice:hidden-password') } },
        }),
        'home/.config/containers/auth.json': JSON.stringify({
          auths: { 'r.test:5000': { auth: pair('bob:hidden-too') } },
        }),
      },
      { HTTPS_PROXY: 'http://me:hidden-proxy@proxy.test:3128', NO_PROXY: 'm.test' },
    );
    const [mirror, registry] = explanation.reads;

    expect(JSON.stringify(explanation)).not.toContain('hidden');
    expect(JSON.stringify(explanation)).not.toContain(pair('alice:hidden-password'));
    expect(explanation.decidedBy).toBe(join(root, hosts, 'hosts.toml'));
    expect(mirror).toMatchObject({
      url: 'https://m.test/cache/v2/team/app',
      mirror: true,
      for: ['pull'],
      ca: { files: [join(root, hosts, 'm.pem')], from: explanation.decidedBy },
      client: { files: [join(root, hosts, 'c.pem'), join(root, hosts, 'k.pem')] },
      headers: ['x-key'],
      proxy: { variable: 'NO_PROXY', reason: 'exempt' },
      credentials: { kind: 'none' },
    });
    const [docker, containerd] = ['docker', 'containerd'].map((name) =>
      join(root, `etc/${name}/certs.d/r.test:5000`),
    );
    expect(registry).toMatchObject({
      url: 'https://r.test:5000/v2/team/app',
      mirror: false,
      ca: { files: [join(docker ?? '', 'ca.crt')], from: docker },
      passed: [{ from: containerd, what: 'ca', lostTo: docker }],
      proxy: { address: 'http://proxy.test:3128', variable: 'HTTPS_PROXY' },
      credentials: {
        kind: 'file',
        place: join(root, 'home/.docker/config.json'),
        key: 'r.test:5000/team',
        type: 'basic',
        username: 'alice',
        passed: expect.arrayContaining([
          { place: join(root, 'home/.config/containers/auth.json'), why: 'outweighed' },
        ]),
      },
    });
    expect(explanation.considered).toContainEqual({
      place: join(root, 'etc/buildkit/buildkitd.toml'),
      outcome: 'outweighed',
      lostTo: explanation.decidedBy,
    });
    expect(explanation.considered).toContainEqual({
      place: join(root, 'etc/containers/registries.conf'),
      outcome: 'nothing for this host',
    });
    expect(explanation.notes).toEqual([expect.stringContaining('short names')]);
  });

  test('tells what is blocked, rewritten, unencrypted and unchecked', async () => {
    const { explanation, root } = await explain({
      'etc/containers/registries.conf.d/a.conf':
        '[[registry]]\nprefix = "r.test:5000/team"\nlocation = "in.test/x"\ninsecure = true\nblocked = true',
      'etc/buildkit/buildkitd.toml': '[registry."r.test:5000"]\nhttp = true',
    });
    const conf = join(root, 'etc/containers/registries.conf.d/a.conf');

    expect(explanation).toMatchObject({
      blockedBy: conf,
      decidedBy: conf,
      reads: [{ url: 'https://in.test/v2/x/app', scheme: 'either', verifies: false, verifiesFrom: conf }],
      // What decides about the host comes before what another file says about it.
      writes: { url: 'https://r.test:5000/v2/team/app', scheme: 'either', schemeFrom: conf, for: ['push'] },
    });
  });

  test('says what options decide', async () => {
    const { explanation } = await explain({}, {}, { 'r.test:5000': { insecure: true, ca: 'pem' } });

    expect(explanation.reads[0]).toMatchObject({
      scheme: 'either',
      schemeFrom: 'options',
      verifies: false,
      verifiesFrom: 'options',
      ca: { files: [], from: 'options' },
    });
  });

  test('asks a helper, and names it', async () => {
    const { chmod } = await import('node:fs/promises');
    const { root, options } = await writeSettings({
      'bin/docker-credential-it': '#!/bin/sh\necho \'{"Username":"<token>","Secret":"hidden"}\'\n',
      'home/.docker/config.json': '{"credHelpers":{"docker.io":"it"}}',
    });
    await chmod(join(root, 'bin/docker-credential-it'), 0o755);
    const environment = { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` };
    const credentials = createCredentialStore({ environment, home: join(root, 'home') });

    const { reads } = await explainHost(
      { domain: 'docker.io', path: 'library/busybox' },
      { ...options, environment, credentials },
    );

    expect(reads[0]).toMatchObject({
      url: 'https://registry-1.docker.io/v2/library/busybox',
      credentials: {
        kind: 'helper',
        helper: 'docker-credential-it',
        key: 'https://index.docker.io/v1/',
        type: 'identity-token',
      },
    });
    expect(JSON.stringify(reads)).not.toContain('hidden');
  });

  test('fails where a client would', async () => {
    const error = await failureOf(explain({ 'etc/containers/registries.conf': 'x = ' }));

    expect(error.code).toBe('REGISTRY_SETTINGS_INVALID');
  });
});
