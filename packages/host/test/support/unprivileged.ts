// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What an unprivileged user finds on the machine. */
export interface UserSetup {
  /** Lines of /etc/passwd and so on for the user `tester` (uid 54321) in place of the machine's. */
  readonly passwd?: boolean | undefined;
  readonly subIds?: boolean | undefined;
  /** Files hidden behind an empty, non-executable one. */
  readonly hidden?: readonly string[] | undefined;
  /** Shell commands run as root before. */
  readonly before?: readonly string[] | undefined;
  /** Put before the command that runs as the user. */
  readonly prefix?: readonly string[] | undefined;
}

export const UID = 54_321;
export const isRoot: boolean = process.getuid?.() === 0;

/**
 * Runs a script of this folder as a user who exists only inside a mount namespace, so that the machine's own user
 * database stays as it is, and returns the JSON it printed.
 */
export function runAsUser(setup: UserSetup, script: string, ...args: readonly string[]): unknown {
  const { passwd = true, subIds = true, hidden = [], before = [], prefix = [] } = setup;
  const folder = mkdtempSync(join(tmpdir(), 'img-user-'));
  chmodSync(folder, 0o755);
  const bind = (name: string, text: string, target: string): string => {
    writeFileSync(join(folder, name), text);
    return `mount --bind ${join(folder, name)} ${target}`;
  };
  const commands = [
    bind(
      'passwd',
      `${readFileSync('/etc/passwd', 'utf8')}${passwd ? `tester:x:${UID}:${UID}::/tmp:/bin/sh\n` : ''}`,
      '/etc/passwd',
    ),
    bind('subuid', subIds ? 'tester:3000000:65536\n' : 'other:1:1\n', '/etc/subuid'),
    bind('subgid', subIds ? `${UID}:3000000:65536\n` : '', '/etc/subgid'),
    ...hidden.map((path, index) => bind(`hidden${index}`, '', path)),
    ...before,
    `trap 'rm -rf ${folder}' EXIT`,
    'setpriv --reuid=54321 --regid=54321 --clear-groups "$@"',
  ];
  const path = fileURLToPath(new URL(script, import.meta.url));
  const node = [
    ...prefix,
    process.execPath,
    '--conditions=@img-build/source',
    '--disable-warning=ExperimentalWarning',
    path,
    ...args,
  ];
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-ec', commands.join('\n'), 'sh', ...node],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${script} as a user ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
