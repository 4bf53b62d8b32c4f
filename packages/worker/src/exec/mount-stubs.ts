// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { HostCalls, Timespec } from '@img-build/interfaces';
import { lstatOf, resolveInRoot, rooted } from '../path-in-root.ts';

/** What the runtime will make in a root just to have something to mount on. */
export interface MountStubs {
  /** Removes what is still empty, and gives the folders above their old times back. */
  clean(): void;
}

interface Stub {
  readonly real: string;
  readonly parent: string;
  /** Of the folder above; absent when that is a stub itself. */
  readonly times?: { readonly accessed: Timespec; readonly modified: Timespec } | undefined;
}

/**
 * Notes which components of the mount destinations are missing in `root` now, so that they can be removed after the
 * run: a file or folder that exists only as a mount point must not end in the layer.
 */
export function recordMountStubs(host: HostCalls, root: string, destinations: readonly string[]): MountStubs {
  const stubs = new Map<string, Stub>();
  for (const destination of destinations) {
    for (const stub of missingComponents(host, root, destination)) stubs.set(stub.real, stub);
  }
  return {
    clean() {
      const deepestFirst = [...stubs.values()].sort((a, b) => b.real.length - a.real.length);
      const touched = new Map<string, Stub>();
      for (const stub of deepestFirst) {
        if (!removeIfEmpty(stub.real)) continue;
        touched.delete(stub.real);
        if (!touched.has(stub.parent)) touched.set(stub.parent, stub);
      }
      for (const stub of touched.values()) {
        if (stub.times !== undefined) host.setTimes(stub.parent, stub.times.accessed, stub.times.modified);
      }
    },
  };
}

function* missingComponents(host: HostCalls, root: string, destination: string): Generator<Stub> {
  let real = root;
  const parts = rooted(destination)
    .split('/')
    .filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const parent = real;
    const found = resolveInRoot(host, root, posix.join('/', ...parts.slice(0, index + 1)));
    real = found ?? posix.join(parent, part);
    if (found !== undefined) continue;
    const above = lstatSync(parent, { bigint: true, throwIfNoEntry: false });
    const times = above && { accessed: timespec(above.atimeNs), modified: timespec(above.mtimeNs) };
    yield { real, parent, times };
  }
}

function removeIfEmpty(path: string): boolean {
  const stat = lstatOf(path);
  if (stat === undefined) return false;
  try {
    if (stat.isDirectory()) {
      if (readdirSync(path).length > 0) return false;
      rmdirSync(path);
      return true;
    }
    if (!stat.isFile() || stat.size > 0) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM')) return false;
    throw error;
  }
}

function timespec(nanoseconds: bigint): Timespec {
  const seconds = nanoseconds / 1_000_000_000n;
  return { seconds, nanoseconds: Number(nanoseconds - seconds * 1_000_000_000n) };
}
