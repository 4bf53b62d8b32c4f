// SPDX-License-Identifier: MIT
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { posix } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { FileCalls, Timespec } from '@img-build/interfaces';

/** A place something is mounted on. */
export interface MountPoint {
  readonly destination: string;
  readonly folder: boolean;
}

interface Stub {
  readonly parent: string;
  readonly name: string;
  /** The parent's times before the stub was made. */
  readonly before: BigIntStats;
  /** Its modification time right after. */
  readonly changedAt: bigint;
}

const O_PATH = 0o10000000;
const NANOSECONDS = 1_000_000_000n;

/**
 * Makes the missing files and folders that mounts will cover. The returned function removes those that nobody filled,
 * and gives their parents back their times unless something else changed there as well; what a container leaves behind
 * is then what its command did. Paths are resolved inside `root`, so that no symlink leads out of it.
 */
export function createStubs(host: FileCalls, root: string, points: readonly MountPoint[]): () => void {
  const stubs: Stub[] = [];
  const covered: string[] = [];
  for (const { destination, folder } of points) {
    const path = posix.normalize(`/${destination}`).replace(/(.)\/$/, '$1');
    if (!covered.some((above) => path.startsWith(`${above}/`)))
      stubs.push(...createMissing(host, root, path, folder));
    covered.push(path);
  }
  return () => {
    for (const stub of stubs.reverse()) removeStub(host, root, stub);
  };
}

function createMissing(host: FileCalls, root: string, path: string, folder: boolean): readonly Stub[] {
  const stubs: Stub[] = [];
  const names = path.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    const parent = `/${names.slice(0, index).join('/')}`;
    const isFolder = folder || index < names.length - 1;
    const stub = within(host, root, parent, (at): Stub | undefined => {
      if (exists(host, root, posix.join(parent, name))) return undefined;
      const before = lstatSync(`${at}/.`, { bigint: true });
      if (isFolder) mkdirSync(`${at}/${name}`, { mode: 0o755 });
      else writeFileSync(`${at}/${name}`, '', { flag: 'wx', mode: 0o644 });
      return { parent, name, before, changedAt: lstatSync(`${at}/.`, { bigint: true }).mtimeNs };
    });
    if (stub !== undefined) stubs.push(stub);
  }
  return stubs;
}

function removeStub(host: FileCalls, root: string, { parent, name, before, changedAt }: Stub): void {
  within(host, root, parent, (at) => {
    const path = `${at}/${name}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    const now = lstatSync(`${at}/.`, { bigint: true });
    if (stats.isDirectory() && readdirSync(path).length === 0) rmdirSync(path);
    else if (stats.isFile() && stats.size === 0) unlinkSync(path);
    else return;
    const modified = now.mtimeNs === changedAt ? before.mtimeNs : now.mtimeNs;
    host.setTimes(`${at}/.`, timespec(before.atimeNs), timespec(modified));
  });
}

/** Calls `action` with a path that is the folder itself, wherever it moves; does nothing when it is gone or read-only. */
function within<Result>(
  host: FileCalls,
  root: string,
  folder: string,
  action: (path: string) => Result,
): Result | undefined {
  let fd: number | undefined;
  try {
    fd = host.openInRoot(root, folder, O_PATH | constants.O_DIRECTORY);
    return action(`/proc/self/fd/${fd}`);
  } catch (error) {
    // The runtime reports what it cannot mount on in its own words.
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EROFS', 'EEXIST', 'ELOOP', 'EACCES')) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function exists(host: FileCalls, root: string, path: string): boolean {
  try {
    const fd = host.openInRoot(root, path, O_PATH);
    fstatSync(fd);
    closeSync(fd);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

function timespec(nanoseconds: bigint): Timespec {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return { seconds: (nanoseconds - rest) / NANOSECONDS, nanoseconds: Number(rest) };
}
