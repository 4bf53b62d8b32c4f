// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { etcHosts, writeSettings } from './support/settings.ts';
import { failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const run = promisify(execFile);

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates(await temporaryFolder());
});

const openTls = async (): Promise<ScriptedRegistry> =>
  await openRegistry({ tls: { cert: certificates.server.cert, key: certificates.server.key } });

describe('the CA of a host', () => {
  test('is trusted besides the others, not instead of them', async () => {
    const registry = await openTls();
    const { reference } = storeImage(registry);
    const { options } = await writeSettings({
      [`etc/docker/certs.d/${registry.host}/ca.crt`]: certificates.client.cert,
    });

    await openClient({ ...options, tls: { ca: certificates.ca.cert } }).client.resolve(reference);

    expect(registry.requests).toHaveLength(1);
  });

  test.each(['SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'])('may be in %s', async (variable) => {
    const registry = await openTls();
    storeImage(registry);
    const folder = join(await temporaryFolder(), 'trusted');
    await mkdir(folder);
    await copyFile(certificates.ca.certPath, join(folder, 'ca.pem'));
    await run('openssl', ['rehash', folder]);
    const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const script = `
      const { createRegistryClient } = await import(${JSON.stringify(index)});
      const client = createRegistryClient({ settingsFiles: false });
      await client.resolve({ domain: ${JSON.stringify(registry.host)}, path: 'app', tag: '1' });
      await client.close();`;

    await run(process.execPath, ['--conditions=@img-build/source', '--input-type=module', '-e', script], {
      env: {
        PATH: process.env['PATH'],
        [variable]: variable === 'SSL_CERT_DIR' ? folder : certificates.ca.certPath,
      },
    });

    expect(registry.trace()).toEqual(['HEAD /v2/app/manifests/1']);
  });
});

describe('a mirror', () => {
  test('of buildkitd.toml has settings of its own, and is asked for images alone', async () => {
    const [registry, mirror] = [await openRegistry(), await openTls()];
    const { reference, layer } = storeImage(mirror);
    storeImage(registry);
    const { options } = await writeSettings({
      'etc/buildkit/buildkitd.toml': `
        [registry."${registry.host}"]
        mirrors = ["${mirror.host}"]
        [registry."${mirror.host}"]
        ca = ["mirror.pem"]`,
      'etc/buildkit/mirror.pem': certificates.ca.cert,
    });
    const { client } = openClient(options);
    const wanted = { ...reference, domain: registry.host };

    const { digest } = await client.resolve(wanted);
    expect([mirror.requests.length, registry.requests.length]).toEqual([1, 0]);
    for await (const _ of client.referrers({ domain: registry.host, path: 'app', digest }));
    for await (const _ of client.tags(wanted));
    expect(await client.hasBlob(wanted, layer)).toBe(true);

    expect(mirror.requests).toHaveLength(1);
    expect(registry.trace()).toEqual([
      `GET /v2/app/referrers/${digest}`,
      'GET /v2/app/tags/list',
      `HEAD /v2/app/blobs/${layer.digest}`,
    ]);
  });

  test.each(['docker.io', 'index.docker.io'])('of %s is told that it acts for docker.io', async (domain) => {
    const mirror = await openRegistry();
    mirror.always(/busybox/, ({ response }) =>
      response
        .writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' })
        .end(storeImage(mirror).manifest),
    );
    const { options } = await writeSettings({
      [etcHosts('docker.io')]: `[host."${mirror.origin}"]\ncapabilities = ["pull", "resolve"]`,
    });

    await openClient(options).client.manifest({ domain, path: 'library/busybox', tag: '1' });

    expect(mirror.trace()).toEqual(['GET /v2/library/busybox/manifests/1?ns=docker.io']);
  });

  test('of registries.conf stands in for every host of a domain', async () => {
    const mirror = await openRegistry();
    const { reference } = storeImage(mirror);
    const { options } = await writeSettings({
      'etc/containers/registries.conf': `[[registry]]\nprefix = "*.example.test"\nlocation = "${mirror.host}"`,
    });

    await openClient(options).client.resolve({ ...reference, domain: 'eu.example.test' });

    expect(mirror.trace()).toEqual(['HEAD /v2/app/manifests/1']);
  });
});

test('dial_timeout limits how long a host may take to connect', async () => {
  const sockets = new Set<Socket>();
  // Takes connections, but never answers the greeting of TLS.
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const { options } = await writeSettings({
    [etcHosts(host)]: `server = "https://${host}"\ndial_timeout = "200ms"`,
  });
  const { client } = openClient({ ...options, retry: { retries: 0 } });

  // The usual limit is longer than this test has patience.
  const signal = AbortSignal.timeout(20_000);
  const error = await failureOf(client.resolve({ domain: host, path: 'app', tag: '1' }, { signal }));

  expect(error).toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: `cannot reach ${host}: connection timed out`,
  });
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, 'close');
});
