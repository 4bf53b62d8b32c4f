// SPDX-License-Identifier: MIT
import { readdirSync, rmSync } from 'node:fs';
import type { HostCalls, RemoveAction } from '@img-build/interfaces';
import { matchPath } from '@img-build/path-patterns';
import {
  type BytePath,
  baseName,
  bytePath,
  childPath,
  parentPath,
  pathText,
  rootedPath,
  systemPath,
} from '@img-build/sources';
import { lstatOf, resolveInRoot, rooted } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';

/** Removes a path, or everything a pattern matches; a symlink goes, not what it points to. */
export function removePath(host: HostCalls, root: string, action: RemoveAction): void {
  const path = rooted(action.path);
  if (path === '/') throw new WorkerError('the root itself cannot be removed', { code: 'TREE_PATH_INVALID' });
  if (!action.allowWildcard) return removeOne(host, root, rootedPath(bytePath(path)), action.allowNotFound);
  const targets = matches(host, root, path);
  if (targets.length === 0 && !action.allowNotFound) throw notFound(rootedPath(bytePath(path)));
  // Two matches may lead to one file.
  for (const target of targets) removeOne(host, root, target, true);
}

function removeOne(host: HostCalls, root: string, path: BytePath, allowNotFound: boolean): void {
  const real = existing(host, root, path);
  if (real !== undefined) rmSync(real, { recursive: true });
  else if (!allowNotFound) throw notFound(path);
}

function notFound(path: BytePath): WorkerError {
  return new WorkerError(`/${pathText(path)}: not found`, { code: 'FILE_NOT_FOUND' });
}

/** The real path of what `path` names, the last component not followed. */
function existing(host: HostCalls, root: string, path: BytePath): string | Buffer | undefined {
  const folder = resolveInRoot(host, root, parentPath(path));
  if (folder === undefined) return undefined;
  const name = baseName(path);
  const real =
    typeof folder === 'string'
      ? systemPath(folder, name)
      : Buffer.concat([folder, Buffer.from(`/${name}`, 'latin1')]);
  return lstatOf(real) === undefined ? undefined : real;
}

function matches(host: HostCalls, root: string, pattern: string): readonly BytePath[] {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found: readonly BytePath[] = [''];
  for (const part of parts) {
    found = found.flatMap((folder) => {
      const real = resolveInRoot(host, root, folder);
      if (real === undefined || !lstatOf(real)?.isDirectory()) return [];
      return readdirSync(real, { encoding: 'latin1' })
        .filter((name) => matchPath(part, pathText(name)))
        .map((name) => childPath(folder, name));
    });
  }
  return found;
}
