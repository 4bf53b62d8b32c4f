// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Ways to get a mount namespace here: as root without a user namespace, and as anybody with one. */
export const NAMESPACES: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ...(process.getuid?.() === 0 ? [['a mount namespace', ['-m']] as const] : []),
  ['a user namespace', ['-U', '-r', '-m']] as const,
];

/** Runs a script of this folder inside new namespaces and returns the JSON it printed. */
export function runInside(flags: readonly string[], script: string, ...args: readonly string[]): unknown {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const node = [
    process.execPath,
    '--conditions=@img-build/source',
    '--disable-warning=ExperimentalWarning',
    path,
    ...args,
  ];
  const { status, stdout, stderr } = spawnSync('unshare', [...flags, '--', ...node], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`unshare ${flags.join(' ')} ${script} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
