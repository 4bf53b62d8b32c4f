// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync } from 'node:fs';
import type { HostCalls, MakeDirectoryAction } from '@img-build/interfaces';
import { systemPath } from '@img-build/sources';
import { lstatOf, placeInRoot } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import { setModified, setOwner } from './file-attributes.ts';
import type { OwnerIds } from './ownership.ts';

/** How a new folder looks. */
export interface NewFolder {
  /** Permission bits. */
  readonly mode: number;
  readonly owner?: OwnerIds | undefined;
  /** Nanoseconds since the Unix epoch. */
  readonly timestamp?: bigint | undefined;
}

/** Makes one folder whose parent exists. */
export function makeOneFolder(
  host: HostCalls,
  path: string | Buffer,
  { mode, owner, timestamp }: NewFolder,
): void {
  mkdirSync(path, { mode });
  if (owner !== undefined) setOwner(path, owner);
  chmodSync(path, mode);
  if (timestamp !== undefined) setModified(host, path, timestamp);
}

/** Makes a folder and, when asked, its parents; what exists is left as it is. */
export function makeFolder(
  host: HostCalls,
  root: string,
  action: MakeDirectoryAction,
  owner: OwnerIds | undefined,
): void {
  const looks: NewFolder = { mode: action.mode & 0o7777, owner, timestamp: action.timestamp };
  const place = placeInRoot(root, action.path, (real, virtual) => {
    if (!action.makeParents)
      throw new WorkerError(`${virtual}: no such directory`, { code: 'FILE_NOT_FOUND' });
    makeOneFolder(host, real, looks);
  });
  const path = systemPath(root, place);
  const found = lstatOf(path);
  if (found === undefined) return makeOneFolder(host, path, looks);
  if (!found.isDirectory())
    throw new WorkerError(`${action.path}: not a directory`, { code: 'FILE_COPY_CONFLICT' });
  if (!action.makeParents) throw new WorkerError(`${action.path}: exists`, { code: 'FILE_COPY_CONFLICT' });
}
