// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { ClientFiles } from './host-candidate.ts';

/** The certificates of a host in the manner of docker. */
export interface CertificateFiles {
  /** The folder they are in. */
  readonly folder: string;
  /** CAs. */
  readonly caFiles: readonly string[];
  readonly clientFiles: readonly ClientFiles[];
}

/**
 * The names a host's folder may have, best first: containerd writes the port as `_5000_`, everybody as `:5000`. A host is
 * one path component: one that could lead elsewhere has no folder.
 */
export function hostFolderNames(host: string): readonly string[] {
  if (host === '' || host.startsWith('.') || /[/\\\0]/.test(host)) return [];
  const [, name, port] = /^(.+):([0-9]+)$/.exec(host) ?? [];
  return name === undefined || port === undefined ? [host] : [`${name}_${port}_`, host];
}

/**
 * Finds the certificates in a folder: `*.crt` are CAs, `*.cert` with the `*.key` of the same name identify us; a `*.cert`
 * without key may hold both. `undefined` when there are none or the folder is not for us to read.
 */
export async function findCertificates(folder: string): Promise<CertificateFiles | undefined> {
  const names = await listed(folder);
  const caFiles = names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
  const clientFiles = names
    .filter((name) => name.endsWith('.cert'))
    .map((name) => {
      const key = `${name.slice(0, -'.cert'.length)}.key`;
      return { cert: join(folder, name), key: names.includes(key) ? join(folder, key) : undefined };
    });
  return caFiles.length + clientFiles.length === 0 ? undefined : { folder, caFiles, clientFiles };
}

/** The names in a folder, sorted; none when it is missing or closed to us. */
export async function listed(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}
