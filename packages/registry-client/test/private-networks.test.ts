// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fixedCredentials, type RegistryClientOptions } from '../src/index.ts';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { startProxy } from './support/proxy.ts';
import {
  blobOf,
  closeLater,
  failureOf,
  openClient,
  openRegistry,
  readAll,
  storeImage,
} from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const APP = { domain: 'registry.test', path: 'app', tag: '1' };
const LOGIN = fixedCredentials({
  'registry.test': { type: 'basic', username: 'alice', password: 's3cret' },
});

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates(await temporaryFolder());
});

/** A registry under a public name, which is reached through a proxy, and a server of the own machine. */
async function openPublic(options: RegistryClientOptions = {}) {
  const { server, ca } = certificates;
  const tls = { cert: server.cert, key: server.key };
  const [registry, inside] = [await openRegistry({ tls }), await openRegistry({ tls })];
  const proxy = closeLater(await startProxy({ 'registry.test:443': registry.host }));
  const opened = openClient({
    environment: { HTTPS_PROXY: `http://${proxy.address}` },
    tls: { ca: ca.cert },
    credentials: LOGIN,
    ...options,
  });
  return { registry, inside, ...opened };
}

type Way = readonly [
  string,
  (registry: ScriptedRegistry, inside: ScriptedRegistry) => void,
  (client: Awaited<ReturnType<typeof openPublic>>['client'], registry: ScriptedRegistry) => Promise<unknown>,
];

const WAYS: readonly Way[] = [
  [
    'by a redirect',
    (registry, inside) => {
      const { layerBytes } = storeImage(registry);
      registry.always(/blobs/, { status: 307, headers: { location: `${inside.origin}/x` } });
      inside.always(/./, { status: 200, body: layerBytes });
    },
    async (client, registry) => await readAll(client.blob(APP, storeImage(registry).layer)),
  ],
  [
    'by the realm of its tokens',
    (registry, inside) => {
      storeImage(registry);
      registry.once(/ \/v2\//, {
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${inside.origin}/token"` },
      });
      inside.always(/./, { status: 200, body: '{"token":"abc"}' });
    },
    async (client) => await client.resolve(APP),
  ],
  [
    'by the place of an upload',
    (registry, inside) => {
      registry.always(/^POST/, { status: 202, headers: { location: `${inside.origin}/x` } });
      inside.always(/./, { status: 201 });
    },
    async (client) => await client.pushBlob({ ...APP, path: 'new' }, blobOf(Buffer.from('layer'))),
  ],
];

describe('a registry on the internet does not lead into the own machine', () => {
  test.each(WAYS)('%s', async (_name, prepare, work) => {
    const { registry, inside, client } = await openPublic();
    prepare(registry, inside);

    const error = await failureOf(work(client, registry));

    expect(error).toMatchObject({
      code: 'REGISTRY_REDIRECT_REFUSED',
      message: expect.stringContaining('the address is private'),
    });
    expect(registry.requests.length).toBeGreaterThan(0);
    expect(inside.requests).toEqual([]);
  });

  test.each(WAYS)('unless that is allowed: %s', async (_name, prepare, work) => {
    const { registry, inside, client } = await openPublic({ allowPrivateAddresses: true });
    prepare(registry, inside);

    await work(client, registry);

    expect(inside.requests.length).toBeGreaterThan(0);
  });
});
