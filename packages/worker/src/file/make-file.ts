// SPDX-License-Identifier: MIT
import { chmodSync, closeSync, constants, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import type { HostCalls, MakeFileAction, MakeSymlinkAction } from '@img-build/interfaces';
import { systemPath } from '@img-build/sources';
import { lstatOf, placeInRoot } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import { setModified, setOwner } from './file-attributes.ts';
import type { OwnerIds } from './ownership.ts';

function missingParent(_real: string | Buffer, virtual: string): never {
  throw new WorkerError(`${virtual}: no such directory`, { code: 'FILE_NOT_FOUND' });
}

/** A file that is there is written over; anything else but a folder, which an open might wait for, goes first. */
function makeRoom(path: string | Buffer, virtual: string): void {
  const found = lstatOf(path);
  if (found?.isDirectory()) throw isADirectory(virtual);
  if (found !== undefined && !found.isFile()) rmSync(path);
}

function isADirectory(virtual: string): WorkerError {
  return new WorkerError(`${virtual}: is a directory`, { code: 'FILE_COPY_CONFLICT' });
}

/** Writes a file, replacing a file that is there. */
export function makeFile(
  host: HostCalls,
  root: string,
  action: MakeFileAction,
  owner: OwnerIds | undefined,
): void {
  const path = systemPath(root, placeInRoot(root, action.path, missingParent));
  makeRoom(path, action.path);
  const fd = openSync(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    for (let at = 0; at < action.data.length; ) at += writeSync(fd, action.data, at);
  } finally {
    closeSync(fd);
  }
  setOwner(path, owner ?? { uid: 0, gid: 0 });
  chmodSync(path, action.mode & 0o7777);
  if (action.timestamp !== undefined) setModified(host, path, action.timestamp);
}

/** Makes a symlink, replacing a file that is there. */
export function makeSymlink(
  host: HostCalls,
  root: string,
  action: MakeSymlinkAction,
  owner: OwnerIds | undefined,
): void {
  const path = systemPath(root, placeInRoot(root, action.path, missingParent, false));
  const found = lstatOf(path);
  if (found?.isDirectory()) throw isADirectory(action.path);
  if (found !== undefined) rmSync(path);
  symlinkSync(action.target, path);
  if (owner !== undefined) setOwner(path, owner);
  if (action.timestamp !== undefined) setModified(host, path, action.timestamp);
}
