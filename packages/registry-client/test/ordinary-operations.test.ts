// SPDX-License-Identifier: MIT
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { createRegistryClient, fixedCredentials, type RegistryClientOptions } from '../src/index.ts';
import { startScriptedRegistry } from '../src/testing/index.ts';
import { makeCertificates } from './support/certificates.ts';
import { startDockerRegistry } from './support/docker-registry.ts';
import { makeHtpasswd } from './support/htpasswd.ts';
import {
  describeOrdinaryOperations,
  type OrdinaryRegistry,
  writeAuthFile,
} from './support/ordinary-operations.ts';
import { startSignedTokenServer } from './support/signed-tokens.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ACCOUNT = { username: 'alice', password: 'correct horse' };
const closing: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

function ordinary(
  host: string,
  options: RegistryClientOptions,
  rest: Pick<OrdinaryRegistry, 'skopeo' | 'deletesTags'>,
): OrdinaryRegistry {
  const client = createRegistryClient({ environment: {}, ...options });
  closing.push(async () => await client.close());
  return { client, host, ...rest };
}

const credentials = (host: string) => fixedCredentials({ [host]: { type: 'basic', ...ACCOUNT } });
const withoutTls = (side: string) => [`--${side}-tls-verify=false`];

describeOrdinaryOperations('the scripted registry', async () => {
  const registry = await startScriptedRegistry();
  closing.push(async () => await registry.close());
  return ordinary(registry.host, {}, { skopeo: withoutTls, deletesTags: true });
});

describeOrdinaryOperations('docker-registry over http', async () => {
  const registry = await startDockerRegistry({ folder: await temporaryFolder() });
  closing.push(async () => await registry.stop());
  return ordinary(registry.host, {}, { skopeo: withoutTls, deletesTags: false });
});

describeOrdinaryOperations('docker-registry over TLS with a private CA and passwords', async () => {
  const folder = await temporaryFolder();
  const { ca, server } = await makeCertificates(folder);
  const registry = await startDockerRegistry({
    folder,
    tls: { certificate: server.certPath, key: server.keyPath },
    htpasswd: await makeHtpasswd(folder, ACCOUNT.username, ACCOUNT.password),
  });
  closing.push(async () => await registry.stop());
  const trust = join(folder, 'certs.d', registry.host);
  await mkdir(trust, { recursive: true });
  await copyFile(ca.certPath, join(trust, 'ca.crt'));
  const auth = await writeAuthFile(join(folder, 'auth.json'), registry.host, ACCOUNT);
  return ordinary(
    registry.host,
    { credentials: credentials(registry.host), tls: { certificateFolders: [join(folder, 'certs.d')] } },
    {
      skopeo: (side) => [`--${side}-cert-dir`, trust, `--${side}-authfile`, auth],
      deletesTags: false,
    },
  );
});

describeOrdinaryOperations('docker-registry and a token server', async () => {
  const folder = await temporaryFolder();
  const { ca, server } = await makeCertificates(folder);
  const tokens = await startSignedTokenServer(server, ACCOUNT);
  closing.push(async () => await tokens.close());
  const { realm, service, issuer } = tokens;
  const registry = await startDockerRegistry({
    folder,
    token: { realm, service, issuer, rootcertbundle: ca.certPath },
  });
  closing.push(async () => await registry.stop());
  const auth = await writeAuthFile(join(folder, 'auth.json'), registry.host, ACCOUNT);
  return ordinary(
    registry.host,
    { credentials: credentials(registry.host) },
    {
      skopeo: (side) => [`--${side}-tls-verify=false`, `--${side}-authfile`, auth],
      deletesTags: false,
    },
  );
});
