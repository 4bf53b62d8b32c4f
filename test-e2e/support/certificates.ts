// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes a private CA and a certificate of it for 127.0.0.1. @param folder - made by this call */
export function makeCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
  const make = (name: string, ...extra: readonly string[]): void => {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      path(`${name}.key`),
    ];
    const subject = ['-subj', `/CN=${name}`, '-days', '3', '-out', path(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', '-config', path('openssl.cnf'), ...key, ...subject, ...extra], {
      stdio: 'ignore',
    });
  };
  make('ca', '-addext', 'basicConstraints=critical,CA:TRUE');
  make(
    'server',
    '-CA',
    path('ca.crt'),
    '-CAkey',
    path('ca.key'),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  );
  // The CA is for everybody to trust.
  chmodSync(path('ca.crt'), 0o644);
  return { ca: path('ca.crt'), certificate: path('server.crt'), key: path('server.key') };
}
