// SPDX-License-Identifier: MIT
import { lstatSync } from 'node:fs';
import { posix } from 'node:path';
import type { AbortOptions, CopyAction, HostCalls, Tree } from '@img-build/interfaces';
import {
  type CopySource,
  type FileTree,
  openFileTree,
  pathText,
  requirePath,
  resolveCopySources,
  systemPath,
  walkTree,
} from '@img-build/sources';
import { lstatOf, placeInRoot } from '../path-in-root.ts';
import { WorkerError } from '../worker-error.ts';
import { createEntryCopier, type EntryCopier } from './copy-entry.ts';
import { setModified } from './file-attributes.ts';
import { makeOneFolder, type NewFolder } from './make-folder.ts';
import type { OwnerIds } from './ownership.ts';

/**
 * Unpacks `archive` into a folder of `root`; false when it is no archive, and then nothing was touched. Owners are
 * those of the archive unless `owner` is given.
 */
export type ArchiveExtractor = (
  archive: string | Buffer,
  /** `folder` makes the folder and gives its real path; not called for what is no archive. */
  destination: { readonly root: string; folder(): string },
  options: AbortOptions & { readonly owner?: OwnerIds | undefined },
) => Promise<boolean>;

/** One copy. */
export interface CopyRequest {
  readonly host: HostCalls;
  readonly extractArchive: ArchiveExtractor;
  readonly source: { readonly tree: Tree; readonly root: string };
  /** Root folder that is changed. */
  readonly root: string;
  readonly action: CopyAction;
  readonly owner: OwnerIds | undefined;
}

/** Milliseconds of work after which other calls of the worker get their turn. */
const TURN = 20;

/** The part of a tree's files that its filters show. */
export function openTree({ tree, root }: CopyRequest['source']): FileTree {
  return openFileTree(tree.type === 'host' ? { ...tree, path: root } : { path: root, rootOwned: false });
}

/** Copies what a copy action names. */
export async function copyInto(request: CopyRequest, options: AbortOptions): Promise<void> {
  const { action } = request;
  const tree = openTree(request.source);
  for (const path of action.requiredPaths ?? []) requirePath(tree, path.replace(/^\/+/, ''), true);
  const sources = resolveCopySources(tree, action.source, {
    wildcard: action.allowWildcard,
    followLinks: action.followSymlink,
  });
  if (sources.length === 0 && !action.allowEmptyWildcard) {
    throw new WorkerError(`no match for ${action.source}`, { code: 'TREE_PATH_NOT_FOUND' });
  }
  const copier = createEntryCopier(request.host, {
    owner: request.owner,
    mode: action.mode,
    modeExpression: action.modeExpression,
    timestamp: action.timestamp,
    replaceExisting: action.replaceExisting,
  });
  for (const source of sources) {
    options.signal?.throwIfAborted();
    await copySource(request, { tree, copier, source }, options);
  }
}

interface SourceCopy {
  readonly tree: FileTree;
  readonly copier: EntryCopier;
  readonly source: CopySource;
}

async function copySource(
  request: CopyRequest,
  { tree, copier, source }: SourceCopy,
  options: AbortOptions,
): Promise<void> {
  const { action, owner, extractArchive, root } = request;
  const { entry, name } = source;
  if (entry.kind === 'directory') {
    const into = action.directoryContents
      ? action.destination
      : posix.join(action.destination, pathText(name));
    return await keepTimes(
      request,
      place(request, `${into}/.`),
      async (folder) => await copyFolder({ request, tree, copier, source, folder }, options),
    );
  }
  if (action.unpackArchive && entry.kind === 'file') {
    const folder = (): string => place(request, `${action.destination}/.`);
    if (await extractArchive(entry.systemPath, { root, folder }, { ...options, owner })) return;
  }
  const { folder, target } = fileTarget(request, source);
  return await keepTimes(request, folder, () => copier.file(entry, target));
}

/** A file goes into a destination that is a folder, or is written as one. */
function fileTarget(
  request: CopyRequest,
  { name }: CopySource,
): { readonly folder: string; readonly target: string | Buffer } {
  const { destination } = request.action;
  const isFolder =
    destination.endsWith('/') ||
    destination === '' ||
    destination === '.' ||
    lstatOf(place(request, destination))?.isDirectory();
  if (isFolder) {
    const folder = place(request, `${destination}/.`);
    return { folder, target: systemPath(folder, name) };
  }
  const target = place(request, destination);
  return { folder: posix.dirname(target), target };
}

/** The real path of a destination; folders above it are made. `path/.` makes `path` itself too. */
function place({ host, root, action, owner }: CopyRequest, path: string): string {
  const looks: NewFolder = { mode: action.mode ?? 0o755, owner, timestamp: action.timestamp };
  const make = (real: string, virtual: string): void => {
    if (!action.createDestinationPath)
      throw new WorkerError(`${virtual}: no such directory`, { code: 'FILE_NOT_FOUND' });
    makeOneFolder(host, real, looks);
  };
  if (!path.endsWith('/.')) return placeInRoot(root, path, make);
  // One more component makes the folder itself a parent; it is taken off again.
  return posix.dirname(placeInRoot(root, `${path.slice(0, -1)}x`, make, false));
}

/** What is copied into a folder that was there must not change the folder's own times. */
async function keepTimes(
  { host }: CopyRequest,
  folder: string,
  work: (folder: string) => Promise<void> | void,
): Promise<void> {
  const before = lstatSync(folder, { bigint: true });
  await work(folder);
  setModified(host, folder, before.mtimeNs);
}

interface FolderCopy extends SourceCopy {
  readonly request: CopyRequest;
  /** Real path of the destination. */
  readonly folder: string;
}

async function copyFolder(
  { request, tree, copier, source, folder }: FolderCopy,
  { signal }: AbortOptions,
): Promise<void> {
  const { includePatterns: include, excludePatterns: exclude } = request.action;
  const options = {
    include: include?.length ? include : undefined,
    exclude: exclude?.length ? exclude : undefined,
  };
  const folders: Parameters<EntryCopier['finishFolder']>[] = [];
  let turn = performance.now();
  for (const { path, entry } of walkTree(tree, source.entry, options)) {
    if (path === '') continue;
    const destination = systemPath(folder, path);
    if (entry.kind === 'directory') {
      copier.folder(destination);
      folders.push([entry, destination]);
    } else {
      copier.file(entry, destination);
    }
    if (performance.now() - turn > TURN) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
  }
  // Innermost first: writing into a folder changes its time.
  for (const [entry, destination] of folders.reverse()) copier.finishFolder(entry, destination);
}
