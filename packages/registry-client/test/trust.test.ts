// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createCredentialStore, login } from '../src/index.ts';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { writeSettings } from './support/settings.ts';
import { blobOf, failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { guardWithTokens } from './support/token-server.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates(await temporaryFolder());
});

const openTls = async (clientCa?: string): Promise<ScriptedRegistry> =>
  await openRegistry({ tls: { cert: certificates.server.cert, key: certificates.server.key, clientCa } });
const underscored = (host: string): string => host.replace(/:(\d+)$/, '_$1_');

/** What becomes of a request to a registry with the files given. */
async function outcome(registry: ScriptedRegistry, files: Readonly<Record<string, string>>): Promise<string> {
  const { options } = await writeSettings(files);
  const { client } = openClient({ ...options, retry: { retries: 0 } });
  const error = await failureOf(client.resolve(storeImage(registry).reference));
  return error.code;
}

describe('a private CA is trusted', () => {
  const places: readonly (readonly [string, (host: string, ca: string) => Record<string, string>])[] = [
    ["beside the user's img", (host, ca) => ({ [`home/.config/img/certs.d/${host}/ca.crt`]: ca })],
    ["in podman's folder", (host, ca) => ({ [`home/.config/containers/certs.d/${host}/x.crt`]: ca })],
    ["in rootless docker's folder", (host, ca) => ({ [`home/.config/docker/certs.d/${host}/ca.crt`]: ca })],
    ["in the folder beside docker's logins", (host, ca) => ({ [`home/.docker/certs.d/${host}/ca.crt`]: ca })],
    ["in docker's folder", (host, ca) => ({ [`etc/docker/certs.d/${host}/ca.crt`]: ca })],
    ["in the machine's podman folder", (host, ca) => ({ [`etc/containers/certs.d/${host}/ca.crt`]: ca })],
    [
      'with the port as containerd writes it',
      (host, ca) => ({ [`etc/containerd/certs.d/${underscored(host)}/ca.crt`]: ca }),
    ],
    ['for all hosts', (_host, ca) => ({ 'etc/containerd/certs.d/_default/ca.crt': ca })],
    [
      'as hosts.toml says',
      (host, ca) => ({
        [`etc/containerd/certs.d/${host}/hosts.toml`]: 'ca = "own.pem"',
        [`etc/containerd/certs.d/${host}/own.pem`]: ca,
      }),
    ],
    [
      'as buildkitd.toml says',
      (host, ca) => ({
        'etc/buildkit/buildkitd.toml': `[registry."${host}"]\nca = ["own.pem"]`,
        'etc/buildkit/own.pem': ca,
      }),
    ],
    [
      "as BuildKit's folder has it",
      (host, ca) => ({
        'etc/buildkit/buildkitd.toml': `[registry."${host}"]\ntlsconfigdir = ["tls"]`,
        'etc/buildkit/tls/ca.crt': ca,
      }),
    ],
  ];
  test.each(places)('%s', async (_name, filesFor) => {
    const registry = await openTls();

    expect(await outcome(registry, filesFor(registry.host, certificates.ca.cert))).toBe('none');
    expect(await outcome(registry, filesFor('127.0.0.1:1', certificates.ca.cert))).toBe(
      _name === 'for all hosts' ? 'none' : 'REGISTRY_TLS',
    );
  });

  test('by the first folder that has any, which outweighs the others', async () => {
    const registry = await openTls();
    const { cert: other } = certificates.client;

    expect(
      await outcome(registry, {
        [`home/.config/img/certs.d/${registry.host}/ca.crt`]: other,
        [`etc/docker/certs.d/${registry.host}/ca.crt`]: certificates.ca.cert,
      }),
    ).toBe('REGISTRY_TLS');
    expect(
      await outcome(registry, {
        [`home/.config/img/certs.d/${registry.host}/readme`]: 'nothing',
        [`etc/docker/certs.d/${registry.host}/ca.crt`]: certificates.ca.cert,
        'etc/docker/certs.d/_default/ca.crt': other,
      }),
    ).toBe('none');
  });

  test('as the machine has it, found by the variable of OpenSSL', async () => {
    const registry = await openTls();
    storeImage(registry);
    const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const script = `
      const { createRegistryClient } = await import(${JSON.stringify(index)});
      const client = createRegistryClient({ settingsFiles: false, environment: {} });
      await client.resolve({ domain: ${JSON.stringify(registry.host)}, path: 'app', tag: '1' });
      await client.close();
      process.stdout.write('resolved');`;
    const run = promisify(execFile);
    const args = ['--conditions=@img-build/source', '--input-type=module', '-e', script];

    const { stdout } = await run(process.execPath, args, {
      env: { PATH: process.env['PATH'], SSL_CERT_FILE: certificates.ca.certPath },
    });
    const without = await failureOf(run(process.execPath, args, { env: { PATH: process.env['PATH'] } }));

    expect(stdout).toBe('resolved');
    expect(String(without['stderr'])).toContain('REGISTRY_TLS');
  });
});

describe('a certificate for the client', () => {
  test.each<[string, (host: string) => Record<string, string>]>([
    [
      'in the folder of the host',
      (host) => ({
        [`etc/docker/certs.d/${host}/ca.crt`]: certificates.ca.cert,
        [`etc/docker/certs.d/${host}/client.cert`]: certificates.client.cert,
        [`etc/docker/certs.d/${host}/client.key`]: certificates.client.key,
      }),
    ],
    [
      'with its key in one file',
      (host) => ({
        [`etc/docker/certs.d/${host}/ca.crt`]: certificates.ca.cert,
        [`etc/docker/certs.d/${host}/both.cert`]: `${certificates.client.cert}${certificates.client.key}`,
      }),
    ],
    [
      'as hosts.toml says',
      (host) => ({
        [`etc/containerd/certs.d/${host}/hosts.toml`]: 'ca = "ca.pem"\nclient = [["c.pem", "k.pem"]]',
        [`etc/containerd/certs.d/${host}/ca.pem`]: certificates.ca.cert,
        [`etc/containerd/certs.d/${host}/c.pem`]: certificates.client.cert,
        [`etc/containerd/certs.d/${host}/k.pem`]: certificates.client.key,
      }),
    ],
    [
      'as buildkitd.toml says',
      (host) => ({
        'etc/buildkit/buildkitd.toml': `[registry."${host}"]\nca = ["ca.pem"]\n[[registry."${host}".keypair]]\ncert = "c.pem"\nkey = "k.pem"`,
        'etc/buildkit/ca.pem': certificates.ca.cert,
        'etc/buildkit/c.pem': certificates.client.cert,
        'etc/buildkit/k.pem': certificates.client.key,
      }),
    ],
  ])('%s is presented', async (_name, filesFor) => {
    const registry = await openTls(certificates.ca.cert);

    expect(await outcome(registry, filesFor(registry.host))).toBe('none');
  });

  test('is not presented where a redirect leads', async () => {
    const [registry, elsewhere] = [await openTls(certificates.ca.cert), await openTls(certificates.ca.cert)];
    registry.always(/./, { status: 307, headers: { location: `${elsewhere.origin}/v2/app/manifests/1` } });

    const code = await outcome(registry, {
      [`etc/docker/certs.d/${registry.host}/ca.crt`]: certificates.ca.cert,
      [`etc/docker/certs.d/${registry.host}/client.cert`]: certificates.client.cert,
      [`etc/docker/certs.d/${registry.host}/client.key`]: certificates.client.key,
      [`etc/docker/certs.d/${elsewhere.host}/ca.crt`]: certificates.ca.cert,
    });

    expect(code).toBe('REGISTRY_UNREACHABLE');
    expect([registry.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
  });
});

describe('a file that cannot be used', () => {
  test.each<[string, (host: string) => Record<string, string>, string]>([
    [
      'a CA that is missing',
      (host) => ({ [`etc/containerd/certs.d/${host}/hosts.toml`]: 'ca = "gone.pem"' }),
      'gone.pem',
    ],
    ['a CA that is none', (host) => ({ [`etc/docker/certs.d/${host}/ca.crt`]: 'hello' }), 'it holds no PEM'],
    [
      'a key that is none',
      (host) => ({
        [`etc/docker/certs.d/${host}/client.cert`]: certificates.client.cert,
        [`etc/docker/certs.d/${host}/client.key`]: 'hello',
      }),
      'client.key',
    ],
  ])('is named: %s', async (_name, filesFor, text) => {
    const registry = await openTls();
    const { options } = await writeSettings(filesFor(registry.host));

    const error = await failureOf(openClient(options).client.resolve(storeImage(registry).reference));

    expect(error).toMatchObject({
      code: 'REGISTRY_SETTINGS_INVALID',
      message: expect.stringContaining(text),
    });
    expect(registry.requests).toEqual([]);
  });
});

describe('a certificate nobody vouches for', () => {
  test.each<[string, (host: string) => Record<string, string>]>([
    ['hosts.toml', (host) => ({ [`etc/containerd/certs.d/${host}/hosts.toml`]: 'skip_verify = true' })],
    [
      'buildkitd.toml',
      (host) => ({ 'etc/buildkit/buildkitd.toml': `[registry."${host}"]\ninsecure = true` }),
    ],
    [
      'registries.conf',
      (host) => ({ 'etc/containers/registries.conf': `[[registry]]\nlocation = "${host}"\ninsecure = true` }),
    ],
  ])('is taken where %s says so, for that host', async (_name, filesFor) => {
    const registry = await openTls();

    expect(await outcome(registry, filesFor(registry.host))).toBe('none');
    expect(await outcome(registry, filesFor('127.0.0.1:1'))).toBe('REGISTRY_TLS');
  });
});

describe('http', () => {
  test('is used where hosts.toml or buildkitd.toml names it, without a try at TLS', async () => {
    const registry = await openRegistry();
    const { host } = registry;

    expect(
      await outcome(registry, { [`etc/containerd/certs.d/${host}/hosts.toml`]: `server = "http://${host}"` }),
    ).toBe('none');
    expect(
      await outcome(registry, { 'etc/buildkit/buildkitd.toml': `[registry."${host}"]\nhttp = true` }),
    ).toBe('none');
  });

  test('is not used where a file says https, not even on a loopback host', async () => {
    const registry = await openRegistry();
    const server = `server = "https://${registry.host}"\nskip_verify = true`;
    const files = { [`etc/containerd/certs.d/${registry.host}/hosts.toml`]: server };

    expect(await outcome(registry, files)).toBe('REGISTRY_TLS');
    expect(registry.requests).toEqual([]);
    const { options } = await writeSettings(files);
    const told = openClient({ ...options, hosts: { [registry.host]: { insecure: true } } });
    await told.client.resolve(storeImage(registry).reference);
    expect(registry.requests).toHaveLength(1);
  });
});

test('a login and a push work at a registry and a token server under a private CA put into certs.d', async () => {
  const [registry, tokens] = [await openTls(), await openTls()];
  guardWithTokens(registry, { users: { alice: 'pass' } });
  // The registry sends us to a token server at another port, which answers with what the registry's own would.
  registry.once(/ \/v2\/ *$/, {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${tokens.origin}/token",service="test"` },
  });
  const { root, options } = await writeSettings({
    [`home/.config/img/certs.d/${registry.host}/ca.crt`]: certificates.ca.cert,
  });
  tokens.always(/\/token/, async ({ request, response, url }) => {
    const answer = await openForward(registry, request.headers.authorization, url.search);
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  const store = createCredentialStore({ environment: {}, home: join(root, 'home') });

  const account = { username: 'alice', password: 'pass' };
  await login(registry.host, account, { ...options, store, environment: {} });
  const { client } = openClient({ ...options, credentials: store });
  const pushed = await client.pushBlob({ domain: registry.host, path: 'app' }, blobOf(Buffer.from('layer')));

  expect(pushed).toBe('uploaded');
  expect(tokens.requests).toHaveLength(1);
});

/** Asks the registry's own token server. */
async function openForward(
  registry: ScriptedRegistry,
  authorization: string | undefined,
  search: string,
): Promise<string> {
  const { request } = await import('node:https');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request(
    `${registry.origin}/token${search}`,
    { ca: certificates.ca.cert, headers: { authorization } },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
    },
  )
    .once('error', reject)
    .end();
  return await promise;
}
