// SPDX-License-Identifier: MIT
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { ExportTreeOptions, HostCalls } from '@img-build/interfaces';
import {
  type BytePath,
  childPath,
  type FileTree,
  systemPath,
  type TreeEntry,
  walkTree,
} from '@img-build/sources';
import { createEntryCopier } from './file/copy-entry.ts';
import { WorkerError } from './worker-error.ts';

/** The caller's own user, inside the namespace and for root alike. */
const CALLER = { uid: 0, gid: 0 };
const TURN = 20;

/**
 * Copies a tree into a folder of the host; everything belongs to the caller. Device nodes that the caller may not
 * make are left out.
 *
 * @param mode - `delete` also removes what the folder has and the tree has not.
 */
export async function exportFolder(
  host: HostCalls,
  tree: FileTree,
  folder: string,
  mode: 'copy' | 'delete',
  { epoch, signal, onProgress }: ExportTreeOptions,
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (!lstatSync(`${folder}/.`).isDirectory())
    throw new WorkerError(`${folder} is not a directory`, { code: 'FILE_COPY_CONFLICT' });
  if (mode === 'delete') removeOthers(tree, folder, '');
  const timestamp = epoch === undefined ? undefined : BigInt(epoch) * 1_000_000_000n;
  const copier = createEntryCopier(host, { owner: CALLER, timestamp, replaceExisting: mode === 'delete' });
  const folders: [TreeEntry, string | Buffer][] = [];
  let bytes = 0;
  let turn = performance.now();
  for (const { path, entry } of walkTree(tree, tree.root)) {
    if (path === '') continue;
    const destination = systemPath(folder, path);
    if (entry.kind === 'directory') {
      copier.folder(destination);
      folders.push([entry, destination]);
    } else {
      copyOrLeaveOut(entry, () => copier.file(entry, destination));
      bytes += Number(entry.stats.size);
    }
    if (performance.now() - turn > TURN) {
      signal?.throwIfAborted();
      onProgress?.(bytes);
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
  }
  for (const [entry, destination] of folders.reverse()) copier.finishFolder(entry, destination);
  onProgress?.(bytes);
}

function copyOrLeaveOut(entry: TreeEntry, copy: () => void): void {
  try {
    copy();
  } catch (error) {
    const isDevice = entry.kind === 'character-device' || entry.kind === 'block-device';
    if (!isDevice || !isSystemError(error, 'EPERM')) throw error;
  }
}

function removeOthers(tree: FileTree, folder: string, path: BytePath): void {
  for (const name of readdirSync(systemPath(folder, path), { encoding: 'latin1' })) {
    const child = childPath(path, name);
    const there = lstatSync(systemPath(folder, child), { throwIfNoEntry: false });
    const entry = tree.get(child);
    if (entry === undefined) rmSync(systemPath(folder, child), { recursive: true, force: true });
    else if (entry.kind === 'directory' && there?.isDirectory()) removeOthers(tree, folder, child);
  }
}
