// SPDX-License-Identifier: MIT
import { type BigIntStats, chmodSync, lchownSync } from 'node:fs';
import { isSystemError, messageOf } from '@img-build/errors';
import type { HostCalls, Timespec } from '@img-build/interfaces';
import { LayerError } from '../layer-error.ts';
import { type ByteString, pathOf, textOf } from '../tar/byte-string.ts';
import { isMachineXattr } from './overlay-marks.ts';

const BILLION = 1_000_000_000n;

/** What a file has besides its content. */
export interface Attributes {
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: Timespec;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** Told when something cannot be kept on this machine and is left out. */
export type Warn = (message: string) => void;

export function timespecOf(nanoseconds: bigint): Timespec {
  let seconds = nanoseconds / BILLION;
  if (seconds * BILLION > nanoseconds) seconds -= 1n;
  return { seconds, nanoseconds: Number(nanoseconds - seconds * BILLION) };
}

/** The attributes of an existing file. */
export function readAttributes(host: HostCalls, path: ByteString, stat: BigIntStats): Attributes {
  return {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    modified: timespecOf(stat.mtimeNs),
    xattrs: readXattrs(host, path),
  };
}

/** Extended attributes that belong to the file itself. */
export function readXattrs(host: HostCalls, path: ByteString): ReadonlyMap<string, Uint8Array> {
  const file = pathOf(path);
  const found = new Map<string, Uint8Array>();
  for (const name of host.listXattr(file)) {
    if (isMachineXattr(name)) continue;
    const value = host.getXattr(file, name);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

export function setOwner(path: ByteString, uid: number, gid: number): void {
  try {
    lchownSync(pathOf(path), uid, gid);
  } catch (error) {
    throw ownerError(error, path, uid, gid);
  }
}

/** Explains why a file cannot have its owner. */
export function ownerError(error: unknown, path: ByteString, uid: number, gid: number): unknown {
  if (!isSystemError(error, 'EINVAL')) return error;
  return new LayerError(
    `${textOf(path)} belongs to ${uid}:${gid}, which has no counterpart in this user namespace`,
    {
      code: 'LAYER_UNSUPPORTED',
      cause: error,
      hint: `give the user more ids in /etc/subuid and /etc/subgid, at least ${Math.max(uid, gid)}`,
    },
  );
}

/** Sets extended attributes; those this machine refuses are reported and left out. */
export function setXattrs(
  host: HostCalls,
  path: ByteString,
  xattrs: ReadonlyMap<string, Uint8Array>,
  warn: Warn,
): void {
  for (const [name, value] of xattrs) {
    // Marks in an archive must never steer the overlay mount that the file ends up in.
    if (isMachineXattr(name)) continue;
    try {
      host.setXattr(pathOf(path), name, value);
    } catch (error) {
      if (
        !isSystemError(
          error,
          'ENOTSUP',
          'EOPNOTSUPP',
          'EPERM',
          'EACCES',
          'EINVAL',
          'E2BIG',
          'ENOSPC',
          'ERANGE',
        )
      )
        throw error;
      warn(`${textOf(path)}: extended attribute ${name} left out: ${messageOf(error)}`);
    }
  }
}

/** Gives an existing folder its attributes; the time only lasts when nothing is made in it afterwards. */
export function setFolderAttributes(
  host: HostCalls,
  path: ByteString,
  attributes: Attributes,
  warn: Warn,
): void {
  setOwner(path, attributes.uid, attributes.gid);
  chmodSync(pathOf(path), attributes.mode);
  setXattrs(host, path, attributes.xattrs, warn);
  setModified(host, path, attributes.modified);
}

export function setModified(host: HostCalls, path: ByteString, modified: Timespec): void {
  host.setTimes(pathOf(path), modified, modified);
}
