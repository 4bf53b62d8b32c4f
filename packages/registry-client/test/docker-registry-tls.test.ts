// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canonicalDigest, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { describeResolver } from '@img-build/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createCredentialStore,
  createRegistryClient,
  fixedCredentials,
  login,
  logout,
  type RegistryClient,
} from '../src/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.ts';
import { makeHtpasswd } from './support/htpasswd.ts';
import { blobOf, failureOf, readAll } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const run = promisify(execFile);
const ACCOUNT = { username: 'alice', password: 'correct horse' };

let certificates: Certificates;
let registry: DockerRegistry;
let client: RegistryClient;
let certificateFolder: string;

beforeAll(async () => {
  const folder = await temporaryFolder();
  certificates = await makeCertificates(folder);
  const htpasswd = await makeHtpasswd(folder, ACCOUNT.username, ACCOUNT.password);
  registry = await startDockerRegistry({
    folder,
    tls: { certificate: certificates.server.certPath, key: certificates.server.keyPath },
    htpasswd,
  });
  certificateFolder = await temporaryFolder();
  await mkdir(join(certificateFolder, registry.host));
  await copyFile(certificates.ca.certPath, join(certificateFolder, registry.host, 'ca.crt'));
  client = createRegistryClient({
    environment: {},
    tls: { certificateFolders: [certificateFolder] },
    credentials: fixedCredentials({ [registry.host]: { type: 'basic', ...ACCOUNT } }),
  });
});

afterAll(async () => {
  await client.close();
  await registry.stop();
});

describeResolver('the client with docker-registry over TLS with passwords', async () => ({
  port: client,
  domain: registry.host,
}));

describe('docker-registry over TLS with passwords', () => {
  const options = () => ({ environment: {}, tls: { certificateFolders: [certificateFolder] } });

  test('refuses strangers and wrong passwords', async () => {
    const reference = parseReference(`${registry.host}/app:1`);
    for (const [credentials, code] of [
      [undefined, 'REGISTRY_UNAUTHORIZED'],
      [
        fixedCredentials({ [registry.host]: { type: 'basic', username: 'alice', password: 'wrong' } }),
        'REGISTRY_DENIED',
      ],
    ] as const) {
      const stranger = createRegistryClient({ ...options(), credentials });
      expect((await failureOf(stranger.resolve(reference))).code).toBe(code);
      await stranger.close();
    }
  });

  test('takes a login that later commands use, until the logout', async () => {
    const home = await temporaryFolder();
    const store = createCredentialStore({ environment: {}, home });

    expect(
      (await failureOf(login(registry.host, { ...ACCOUNT, password: 'wrong' }, { ...options(), store })))
        .code,
    ).toBe('REGISTRY_UNAUTHORIZED');
    await expect(readFile(join(home, '.docker/config.json'))).rejects.toHaveProperty('code', 'ENOENT');
    expect(await login(registry.host, ACCOUNT, { ...options(), store })).toEqual({
      in: 'file',
      name: join(home, '.docker/config.json'),
    });

    const user = createRegistryClient({
      ...options(),
      credentials: createCredentialStore({ environment: {}, home }),
    });
    await user.ping(registry.host);
    expect(await logout(registry.host, { store })).toBe(true);
    expect((await failureOf(user.resolve(parseReference(`${registry.host}/app:1`)))).code).toBe(
      'REGISTRY_UNAUTHORIZED',
    );
    await user.close();
    expect(await logout(registry.host, { store })).toBe(false);
  });

  test('has what skopeo pushed, and skopeo reads what we pushed', async () => {
    const folder = await temporaryFolder();
    const auth = join(folder, 'auth.json');
    const pair = Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64');
    await writeFile(auth, JSON.stringify({ auths: { [registry.host]: { auth: pair } } }));
    const skopeo = async (...args: string[]): Promise<string> =>
      (await run('skopeo', args, { env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder } }))
        .stdout;
    const trust = ['--authfile', auth, '--cert-dir', join(certificateFolder, registry.host)];
    const { image, layer } = await pushImage('skopeo/ours:1');

    const inspected = JSON.parse(
      await skopeo(
        'inspect',
        '--authfile',
        auth,
        '--cert-dir',
        join(certificateFolder, registry.host),
        `docker://${registry.host}/skopeo/ours:1`,
      ),
    ) as { Digest: string; Layers: string[] };
    expect(inspected).toMatchObject({ Digest: image, Layers: [layer.digest] });

    await skopeo(
      'copy',
      '--insecure-policy',
      '--src-authfile',
      auth,
      '--src-cert-dir',
      trust[3] ?? '',
      `docker://${registry.host}/skopeo/ours:1`,
      `dir:${join(folder, 'dir')}`,
    );
    await skopeo(
      'copy',
      '--insecure-policy',
      '--format',
      'v2s2',
      '--dest-authfile',
      auth,
      '--dest-cert-dir',
      trust[3] ?? '',
      `dir:${join(folder, 'dir')}`,
      `docker://${registry.host}/skopeo/theirs:1`,
    );
    const theirs = parseReference(`${registry.host}/skopeo/theirs:1`);
    expect((await client.resolve(theirs)).mediaType).toBe(MEDIA_TYPES.dockerManifest);
    expect((await readAll(client.blob(theirs, layer))).byteLength).toBe(layer.size);
  });
});

test('a registry that wants a certificate of the client gets it, and a client without one is told', async () => {
  const folder = await temporaryFolder();
  const { server, ca, client: own } = certificates;
  const strict = await startDockerRegistry({
    folder,
    tls: { certificate: server.certPath, key: server.keyPath, clientcas: [ca.certPath] },
  });
  const [without, withCertificate] = [{ ca: ca.cert }, { ca: ca.cert, cert: own.cert, key: own.key }].map(
    (settings) =>
      createRegistryClient({ environment: {}, retry: { baseDelay: 1 }, hosts: { [strict.host]: settings } }),
  );
  try {
    const error = await failureOf((without as RegistryClient).ping(strict.host));
    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: expect.stringContaining('client.cert'),
    });
    await withCertificate?.ping(strict.host);
  } finally {
    await Promise.all([without?.close(), withCertificate?.close(), strict.stop()]);
  }
});

async function pushImage(name: string): Promise<{
  readonly image: string;
  readonly layer: {
    readonly digest: `${string}:${string}`;
    readonly size: number;
    readonly mediaType: string;
  };
}> {
  const reference = parseReference(`${registry.host}/${name}`);
  const tar = Buffer.alloc(10_240);
  const layer = blobOf(tar, MEDIA_TYPES.ociLayer);
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [canonicalDigest(tar)] },
        history: [{ created: '2026-01-01T00:00:00Z', created_by: 'test' }],
      }),
    ),
    MEDIA_TYPES.ociConfig,
  );
  for (const blob of [layer, config]) await client.pushBlob(reference, blob);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: config.descriptor,
      layers: [layer.descriptor],
    }),
  );
  return {
    image: await client.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest),
    layer: layer.descriptor,
  };
}
