// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { ContainerMount, ExecRequest } from '@img-build/interfaces';

/** The files a container gets from its host instead of from its image. */
export function networkFileMounts(request: ExecRequest, folder: string): readonly ContainerMount[] {
  const hosts = join(folder, 'hosts');
  const resolv = join(folder, 'resolv.conf');
  writeFileSync(hosts, hostsFile(request), { mode: 0o644 });
  writeFileSync(resolv, resolvConf(), { mode: 0o644 });
  return [
    { destination: '/etc/hosts', type: 'bind', source: hosts, options: ['bind', 'ro'] },
    { destination: '/etc/resolv.conf', type: 'bind', source: resolv, options: ['bind', 'ro'] },
  ];
}

function hostsFile({ hostname, extraHosts }: ExecRequest): string {
  const lines = [
    `127.0.0.1\tlocalhost ${hostname}`,
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...extraHosts.map(({ host, ip }) => `${ip}\t${host}`),
  ];
  return `${lines.join('\n')}\n`;
}

function resolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES')) return '';
    throw error;
  }
}
