// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import type { AbortOptions, CopyAction, HostCalls, Tree } from '@img-build/interfaces';
import {
  type BytePath,
  type CopySource,
  childPath,
  type FileTree,
  openFileTree,
  parentPath,
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
  /** `folder` makes the folder and gives its real path below the root; not called for what is no archive. */
  destination: { readonly root: string; folder(): BytePath },
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
  const { action, owner, extractArchive, host, root } = request;
  const { entry, name } = source;
  const destination = createDestination(request);
  if (entry.kind === 'directory') {
    const into = action.directoryContents
      ? action.destination
      : posix.join(action.destination, pathText(name));
    const folder = destination.folder(into);
    await copyFolder({ request, tree, copier, source, folder }, options);
    // As in BuildKit, whether the folder was there or not.
    setModified(host, systemPath(root, folder), action.timestamp ?? entry.stats.mtimeNs);
  } else {
    const folder = (): BytePath => destination.folder(action.destination);
    const isArchive =
      action.unpackArchive &&
      entry.kind === 'file' &&
      (await extractArchive(entry.systemPath, { root, folder }, { ...options, owner }));
    if (isArchive) return;
    copier.file(entry, systemPath(root, fileTarget(request, destination, source)));
  }
  destination.finish();
}

/** A file goes into a destination that is a folder, or is written as one. */
function fileTarget({ action, root }: CopyRequest, to: Destination, { name }: CopySource): BytePath {
  const { destination } = action;
  const isFolder =
    destination.endsWith('/') ||
    destination === '' ||
    destination === '.' ||
    lstatOf(systemPath(root, to.file(destination)))?.isDirectory();
  return isFolder ? childPath(to.folder(destination), name) : to.file(destination);
}

/** Finds and makes the places a copy goes to; paths are below the root. */
interface Destination {
  /** A place for a file, the folders above it made. */
  file(path: string): BytePath;
  /** A folder, made with those above it. */
  folder(path: string): BytePath;
  /** Gives the folders that were made the time they were to have, once what is in them was copied. */
  finish(): void;
}

function createDestination({ host, root, action, owner }: CopyRequest): Destination {
  const { mode = 0o755, timestamp } = action;
  const looks: NewFolder = { mode, owner, timestamp };
  const made: (string | Buffer)[] = [];
  const make = (real: string | Buffer, virtual: string): void => {
    if (!action.createDestinationPath)
      throw new WorkerError(`${virtual}: no such directory`, { code: 'FILE_NOT_FOUND' });
    makeOneFolder(host, real, looks);
    made.push(real);
  };
  return {
    file: (path) => placeInRoot(root, path, make),
    // One more component makes the folder itself a parent; it is taken off again.
    folder: (path) => parentPath(placeInRoot(root, `${path}/x`, make, false)),
    finish() {
      if (timestamp !== undefined) for (const path of made) setModified(host, path, timestamp);
    },
  };
}

interface FolderCopy extends SourceCopy {
  readonly request: CopyRequest;
  /** Real path of the destination below the root. */
  readonly folder: BytePath;
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
    const destination = systemPath(request.root, childPath(folder, path));
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
