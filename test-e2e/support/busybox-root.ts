// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
app:x:1000:1001:application:/home/app:/bin/sh
`;
const GROUP = `root:x:0:
daemon:x:1:
staff:x:50:app
nogroup:x:65534:
app:x:1001:
`;
const FOLDERS = ['bin', 'etc', 'root', 'home', 'usr/local/bin', 'var', 'proc', 'sys', 'dev'];

/** Writes a root file system of the machine's static busybox to `tar`; `folder` is scratch space that is removed. */
export function makeBusyboxRoot(tar: string, folder: string): void {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(runs);
  if (busybox === undefined) throw new Error('busybox is not installed; run: apt-get install busybox-static');
  for (const name of FOLDERS) mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  mkdirSync(join(folder, 'tmp'));
  chmodSync(join(folder, 'tmp'), 0o1777);
  copyFileSync(busybox, join(folder, 'bin/busybox'));
  chmodSync(join(folder, 'bin/busybox'), 0o755);
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const name of applets) if (name !== 'busybox') symlinkSync('busybox', join(folder, 'bin', name));
  writeFileSync(join(folder, 'etc/passwd'), PASSWD, { mode: 0o644 });
  writeFileSync(join(folder, 'etc/group'), GROUP, { mode: 0o644 });
  const fixed = ['--sort=name', '--mtime=@1700000000', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...fixed, '--mode=go-w', '-C', folder, '-cf', tar, '--exclude=./tmp', '.']);
  execFileSync('tar', [...fixed, '-C', folder, '-rf', tar, './tmp']);
  rmSync(folder, { recursive: true, force: true });
}

function runs(path: string): boolean {
  try {
    execFileSync(path, ['true']);
    return true;
  } catch {
    return false;
  }
}
