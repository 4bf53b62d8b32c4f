// SPDX-License-Identifier: MIT
import { chmodSync, closeSync, constants, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import type { HostCalls, MakeFileAction, MakeSymlinkAction } from '@img-build/interfaces';
import { lstatOf, placeInRoot } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import { setModified, setOwner } from './file-attributes.ts';
import type { OwnerIds } from './ownership.ts';

function missingParent(_real: string, virtual: string): never {
  throw new WorkerError(`${virtual}: no such directory`, { code: 'FILE_NOT_FOUND' });
}

/** Writes a file, replacing a file that is there. */
export function makeFile(
  host: HostCalls,
  root: string,
  action: MakeFileAction,
  owner: OwnerIds | undefined,
): void {
  const path = placeInRoot(host, root, action.path, missingParent);
  if (lstatOf(path)?.isDirectory())
    throw new WorkerError(`${action.path}: is a directory`, { code: 'FILE_COPY_CONFLICT' });
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
  const path = placeInRoot(host, root, action.path, missingParent, false);
  if (lstatOf(path) !== undefined) rmSync(path);
  symlinkSync(action.target, path);
  if (owner !== undefined) setOwner(path, owner);
  if (action.timestamp !== undefined) setModified(host, path, action.timestamp);
}
