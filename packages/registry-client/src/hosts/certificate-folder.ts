// SPDX-License-Identifier: MIT

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, messageOf } from '@img-build/errors';
import { RegistryError } from '../registry-error.ts';
import type { HostSettings } from './host-settings.ts';

/** Where tools of this field look for certificates of single registries, best first. */
export function certificateFolders(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): readonly string[] {
  const config = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  return [
    join(config, 'containers/certs.d'),
    join(config, 'docker/certs.d'),
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
  ];
}

/**
 * Reads the certificates of `host[:port]` from the first of `folders` that has any: `*.crt` are CAs, `*.cert` with the
 * `*.key` of the same name identify us; a `*.cert` without key may hold both.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID` for a file that is there and cannot be read.
 */
export async function readCertificates(
  host: string,
  folders: readonly string[],
): Promise<Pick<HostSettings, 'ca' | 'cert' | 'key'>> {
  // A host is one path component: it cannot hold a slash, and must not be a way upwards.
  if (host === '' || host.startsWith('.') || host.includes('/')) return {};
  for (const folder of folders) {
    const names = await listed(join(folder, host));
    if (names.length > 0) return await readFolder(join(folder, host), names);
  }
  return {};
}

async function readFolder(
  folder: string,
  names: readonly string[],
): Promise<Pick<HostSettings, 'ca' | 'cert' | 'key'>> {
  const authorities = await Promise.all(
    names.filter((name) => name.endsWith('.crt')).map((name) => readText(join(folder, name))),
  );
  const cert = names.find((name) => name.endsWith('.cert'));
  const keyName = cert === undefined ? undefined : `${cert.slice(0, -'.cert'.length)}.key`;
  const certText = cert === undefined ? undefined : await readText(join(folder, cert));
  const key =
    keyName !== undefined && names.includes(keyName) ? await readText(join(folder, keyName)) : certText;
  return {
    ...(authorities.length === 0 ? {} : { ca: authorities.join('\n') }),
    ...(certText === undefined ? {} : { cert: certText, key }),
  };
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RegistryError(`cannot read ${path}: ${messageOf(cause)}`, {
      code: 'REGISTRY_SETTINGS_INVALID',
      cause,
    });
  }
}
