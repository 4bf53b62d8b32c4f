// SPDX-License-Identifier: MIT
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import type { TreeEntry } from '@img-build/sources';
import { WorkerError } from '../worker-error.ts';
import { setModified, setOwner } from './file-attributes.ts';
import { applyModeExpression } from './file-mode.ts';
import type { OwnerIds } from './ownership.ts';

/** How copies look, where they do not look like their source. */
export interface CopyLooks {
  readonly owner?: OwnerIds | undefined;
  /** Permission bits for everything but symlinks. */
  readonly mode?: number | undefined;
  /** Symbolic mode, applied to the source's. */
  readonly modeExpression?: string | undefined;
  /** Nanoseconds since the Unix epoch. */
  readonly timestamp?: bigint | undefined;
  /** A file may replace a folder and a folder a file. */
  readonly replaceExisting?: boolean | undefined;
}

/** Copies single entries; hard links among them stay hard links. */
export interface EntryCopier {
  /** Copies anything but a folder. */
  file(entry: TreeEntry, destination: string | Buffer): void;
  /** Makes a folder, or takes the one that is there. Its looks come with {@link finishFolder}. */
  folder(destination: string | Buffer): void;
  /** Gives a folder its owner, mode and time, once what is in it was copied. */
  finishFolder(entry: TreeEntry, destination: string | Buffer): void;
}

/** Attributes that say something about this machine or this overlay, not about the file. */
const LOCAL_XATTRS = /^(trusted|user)\.overlay\.|^security\.selinux$/;
const S_IFMT = 0o170000;
/** Bytes. */
const SMALL = 256 * 1024;
const buffer: Buffer = Buffer.allocUnsafeSlow(SMALL);

/** A copier for one copy. */
export function createEntryCopier(host: HostCalls, looks: CopyLooks): EntryCopier {
  const linked = new Map<string, string | Buffer>();

  function modeOf(entry: TreeEntry): number {
    if (looks.mode !== undefined) return looks.mode & 0o7777;
    const mode = Number(entry.stats.mode) & 0o7777;
    return looks.modeExpression === undefined
      ? mode
      : applyModeExpression(looks.modeExpression, mode, entry.kind === 'directory');
  }

  function dress(entry: TreeEntry, destination: string | Buffer): void {
    setOwner(destination, looks.owner ?? { uid: entry.uid, gid: entry.gid });
    copyXattrs(host, entry.systemPath, destination);
    // After the owner: chown(2) clears the set-id bits.
    if (entry.kind !== 'symlink') chmodSync(destination, modeOf(entry));
    setModified(host, destination, looks.timestamp ?? entry.stats.mtimeNs);
  }

  /** Making and, where something is in the way, making room first: most copies go where nothing is. */
  function make(entry: TreeEntry, destination: string | Buffer): void {
    try {
      makeNode(host, entry, destination);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      makeRoom(destination, looks.replaceExisting ?? false);
      makeNode(host, entry, destination);
    }
  }

  function linkToEarlier(entry: TreeEntry, destination: string | Buffer): boolean {
    if (entry.stats.nlink < 2n) return false;
    const key = `${entry.stats.dev}:${entry.stats.ino}`;
    const earlier = linked.get(key);
    if (earlier === undefined) {
      linked.set(key, destination);
      return false;
    }
    makeRoom(destination, looks.replaceExisting ?? false);
    linkSync(earlier, destination);
    return true;
  }

  return {
    file(entry, destination) {
      if (linkToEarlier(entry, destination)) return;
      make(entry, destination);
      dress(entry, destination);
    },
    folder(destination) {
      try {
        mkdirSync(destination, 0o755);
      } catch (error) {
        if (!isSystemError(error, 'EEXIST')) throw error;
        if (isFolder(destination)) return;
        if (!looks.replaceExisting) {
          throw new WorkerError(`cannot copy to non-directory: ${destination}`, {
            code: 'FILE_COPY_CONFLICT',
          });
        }
        rmSync(destination);
        mkdirSync(destination, 0o755);
      }
    },
    finishFolder: dress,
  };
}

function makeNode(host: HostCalls, entry: TreeEntry, destination: string | Buffer): void {
  switch (entry.kind) {
    case 'symlink':
      return symlinkSync(Buffer.from(entry.target, 'latin1'), destination);
    case 'fifo':
    case 'character-device':
    case 'block-device': {
      const { mode, rdev } = entry.stats;
      return host.makeNode(
        destination,
        (Number(mode) & S_IFMT) | 0o600,
        deviceMajor(rdev),
        deviceMinor(rdev),
      );
    }
    case 'socket':
      // A socket means nothing without its process; what the field makes of it is an empty file.
      return closeSync(
        openSync(destination, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600),
      );
    default:
      return copyData(entry, destination);
  }
}

/** The source is opened without following a link and looked at again, so that what is copied is what was listed. */
function copyData(entry: TreeEntry, destination: string | Buffer): void {
  const fd = openSync(entry.systemPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const now = fstatSync(fd, { bigint: true });
    if (now.ino !== entry.stats.ino || now.dev !== entry.stats.dev || !now.isFile()) {
      throw new WorkerError(`${entry.systemPath} changed while it was being copied`, {
        code: 'FILE_COPY_CONFLICT',
      });
    }
    if (now.size <= BigInt(SMALL)) return copySmall(fd, destination);
    copyFileSync(`/proc/self/fd/${fd}`, destination, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } finally {
    closeSync(fd);
  }
}

/** Three calls where copyFile(3) makes ten; it is worth its price for large files, which it may share or map. */
function copySmall(from: number, destination: string | Buffer): void {
  const to = openSync(
    destination,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) {
      for (let at = 0; at < read; ) at += writeSync(to, buffer, at, read - at);
      if (read < buffer.length) return;
    }
  } finally {
    closeSync(to);
  }
}

function makeRoom(destination: string | Buffer, replaceFolders: boolean): void {
  try {
    rmSync(destination, { force: true });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_FS_EISDIR') throw error;
    if (!replaceFolders)
      throw new WorkerError(`cannot copy a file over the directory ${destination}`, {
        code: 'FILE_COPY_CONFLICT',
      });
    rmSync(destination, { recursive: true });
  }
}

function isFolder(path: string | Buffer): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOTDIR', 'ELOOP', 'ENXIO')) return false;
    throw error;
  }
}

/** As far as the destination takes them: a file system without attributes is no reason to fail. */
function copyXattrs(host: HostCalls, source: string | Buffer, destination: string | Buffer): void {
  for (const name of host.listXattr(source)) {
    if (LOCAL_XATTRS.test(name)) continue;
    const value = host.getXattr(source, name);
    if (value === undefined) continue;
    try {
      host.setXattr(destination, name, value);
    } catch (error) {
      if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'EACCES')) throw error;
    }
  }
}

/** @see makedev(3) */
function deviceMajor(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
}

function deviceMinor(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
}
