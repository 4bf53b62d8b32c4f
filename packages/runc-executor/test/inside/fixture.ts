// SPDX-License-Identifier: MIT
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostCalls } from '@img-build/host';
import type { Executor, HostCalls, Mount } from '@img-build/interfaces';
import { afterAll } from '@jest/globals';
import { createRuncExecutor } from '../../src/index.ts';

export const host: HostCalls = createHostCalls();
export const parent: string = mkdtempSync(join(tmpdir(), 'img-run-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Inside a user namespace. */
export const rootless: boolean = !readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295');

const APPLETS = [
  'sh',
  'echo',
  'cat',
  'false',
  'sleep',
  'id',
  'grep',
  'ls',
  'mount',
  'unshare',
  'hostname',
  'touch',
  'rm',
  'stat',
  'mkdir',
  'ip',
  'wc',
  'pwd',
  'kill',
  'chown',
  'test',
  'head',
];

/** A minimal root made of the machine's static busybox. */
const base: string = join(parent, 'base');
mkdirSync(join(base, 'bin'), { recursive: true });
mkdirSync(join(base, 'etc'));
mkdirSync(join(base, 'tmp'));
chmodSync(join(base, 'tmp'), 0o1777);
copyFileSync(busybox(), join(base, 'bin/busybox'));
chmodSync(join(base, 'bin/busybox'), 0o755);
for (const name of APPLETS) linkSync(join(base, 'bin/busybox'), join(base, 'bin', name));
writeFileSync(join(base, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
symlinkSync('../../../../../../../tmp', join(base, 'outside'));

function busybox(): string {
  for (const path of ['/usr/bin/busybox', '/bin/busybox']) {
    try {
      readFileSync(path);
      return path;
    } catch {
      // The other place, then.
    }
  }
  throw new Error('these tests need a static busybox: apt-get install busybox-static');
}

/** A fresh overlay on the minimal root, and the folder that gets its changes. */
export function freshRoot(): {
  readonly mounts: readonly Mount[];
  readonly upper: string;
  readonly work: string;
} {
  const folder = mkdtempSync(join(parent, 'root'));
  const [upper, work] = [join(folder, 'upper'), join(folder, 'work')];
  mkdirSync(upper);
  mkdirSync(work);
  const options = [
    `lowerdir=${base}`,
    `upperdir=${upper}`,
    `workdir=${work}`,
    ...(rootless ? ['userxattr'] : []),
  ];
  return { mounts: [{ type: 'overlay', source: 'overlay', options }], upper, work };
}

/** An executor with an empty state folder. */
export function createExecutor(
  runtime: 'runc' | 'crun',
  options: { readonly processSandbox?: boolean; readonly volatile?: boolean } = {},
): { executor: Executor; stateRoot: string } {
  const stateRoot = mkdtempSync(join(parent, 'state'));
  return { executor: createRuncExecutor({ host, stateRoot, rootless, runtime, ...options }), stateRoot };
}
