// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM texts and the paths they are at. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** A private CA that vouches for a server on 127.0.0.1 and for a client. */
export interface Certificates {
  readonly ca: Identity;
  readonly server: Identity;
  readonly client: Identity;
}

/** Makes certificates with openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const ca = await makeIdentity(folder, 'ca', ['-addext', 'basicConstraints=critical,CA:TRUE']);
  const signed = ['-CA', ca.certPath, '-CAkey', ca.keyPath];
  const server = await makeIdentity(folder, 'server', [
    ...signed,
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.test,DNS:auth.test,DNS:other.test',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ]);
  return {
    ca,
    server,
    client: await makeIdentity(folder, 'client', [
      ...signed,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    ]),
  };
}

async function makeIdentity(folder: string, name: string, extra: readonly string[]): Promise<Identity> {
  const [certPath, keyPath] = [join(folder, `${name}.crt`), join(folder, `${name}.pem`)];
  const config = join(folder, 'openssl.cnf');
  await writeFile(config, '[req]\ndistinguished_name=dn\n[dn]\n');
  await run('openssl', [
    'req',
    '-x509',
    '-config',
    config,
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '3650',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    keyPath,
    '-out',
    certPath,
    ...extra,
  ]);
  return { cert: await readFile(certPath, 'utf8'), key: await readFile(keyPath, 'utf8'), certPath, keyPath };
}
