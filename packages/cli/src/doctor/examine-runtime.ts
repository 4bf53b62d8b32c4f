// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import type { Services } from '../wiring/services.ts';
import { workerEnvironment } from '../worker-command.ts';
import type { Finding } from './finding.ts';

const SUBJECT = 'container runtime';
/** Milliseconds that a program may take to say what it is. */
const PATIENCE = 5000;
const INSTALL =
  'install one as root: apt-get install runc (Debian, Ubuntu), apk add runc (Alpine), dnf install runc (Fedora)';

/** The program that RUN starts containers with: crun, or else runc. */
export async function examineRuntime(services: Pick<Services, 'env'>): Promise<readonly Finding[]> {
  const { findProgram } = await import('@img-build/host');
  const env = workerEnvironment(services.env);
  const path = findProgram('crun', env['PATH']) ?? findProgram('runc', env['PATH']);
  if (path === undefined) {
    const message = 'neither runc nor crun is on PATH, so RUN cannot work';
    return [{ severity: 'error', subject: SUBJECT, message, hint: INSTALL }];
  }
  const { status, stdout, stderr, error } = spawnSync(path, ['--version'], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  });
  const said = (stdout || stderr || error?.message || '').split('\n')[0] ?? '';
  if (status === 0) return [{ severity: 'ok', subject: SUBJECT, message: `${path}, ${said}` }];
  return [{ severity: 'error', subject: SUBJECT, message: `${path} does not work: ${said}`, hint: INSTALL }];
}
