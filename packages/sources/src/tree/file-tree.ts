// SPDX-License-Identifier: MIT
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostTree } from '@img-build/interfaces';
import { type BytePath, childPath, systemPath } from './byte-path.ts';
import { followedPaths } from './follow-paths.ts';
import { createPathRules, type PathRules } from './path-rules.ts';

/** What an entry is. */
export type EntryKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'character-device'
  | 'block-device'
  | 'socket';

/** One file of a tree. Everything but the path is read when first asked for, and then kept. */
export interface TreeEntry {
  readonly path: BytePath;
  /** For `node:fs` and host calls. */
  readonly systemPath: string | Buffer;
  readonly kind: EntryKind;
  readonly stats: BigIntStats;
  /** As the tree shows it: in a tree that is rootOwned not the file's. */
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink; bytes. */
  readonly target: BytePath;
}

/** A folder of files seen through its filters. Synchronous; what was read once is not read again. */
export interface FileTree {
  readonly root: TreeEntry;
  /** Everything is shown as belonging to 0:0. */
  readonly rootOwned: boolean;
  /** Absolute path of the folder. */
  readonly folder: string;
  /** The entry itself, symlinks not resolved; `undefined` when it does not exist or the filters hide it. */
  get(path: BytePath): TreeEntry | undefined;
  /** What is directly in a folder, in byte order. Empty for anything but a folder. */
  list(entry: TreeEntry): readonly TreeEntry[];
  /** Tells whether the exclude rules hide a path that is there. */
  isExcluded(path: BytePath): boolean;
}

/**
 * Opens a host folder. Nothing is read yet, except what `followPaths` need.
 *
 * @throws SourceError `TREE_PATTERN_INVALID`
 */
export function openFileTree(tree: Omit<HostTree, 'type'>): FileTree {
  const plain = { path: tree.path, rootOwned: tree.rootOwned, owner: tree.owner };
  const { include, exclude, followPaths } = tree;
  if (include === undefined && followPaths === undefined && (exclude ?? []).length === 0)
    return fileTree(plain, undefined);
  let wanted = include;
  if (followPaths !== undefined) {
    const followed = followedPaths(fileTree(plain, undefined), followPaths);
    wanted = followed === undefined ? undefined : [...(include ?? []), ...followed];
  }
  return fileTree(plain, createPathRules({ include: wanted, exclude }));
}

function fileTree(
  { path: folder, rootOwned, owner }: Pick<HostTree, 'path' | 'rootOwned' | 'owner'>,
  rules: PathRules | undefined,
): FileTree {
  const known = new Map<BytePath, TreeEntry | undefined>();
  const lists = new Map<BytePath, readonly TreeEntry[]>();
  const root = new LazyEntry(folder, '', rootOwned ? ROOT : undefined);
  const shownOwner = rootOwned ? (owner ?? ROOT) : undefined;
  known.set('', root);

  function exists(entry: TreeEntry): boolean {
    const { kind } = entry;
    if (rules === undefined || rules.includes(entry.path)) return true;
    return kind === 'directory' && rules.mayContain(entry.path) && list(entry).length > 0;
  }

  function list(entry: TreeEntry): readonly TreeEntry[] {
    if (entry.kind !== 'directory') return [];
    const listed = lists.get(entry.path);
    if (listed !== undefined) return listed;
    const entries: TreeEntry[] = [];
    if (rules === undefined || rules.mayContain(entry.path)) {
      for (const name of readdirSync(entry.systemPath, { encoding: 'latin1' }).sort()) {
        const child = getBelowFolder(childPath(entry.path, name));
        if (child !== undefined) entries.push(child);
      }
    }
    lists.set(entry.path, entries);
    return entries;
  }

  function get(path: BytePath): TreeEntry | undefined {
    if (known.has(path)) return known.get(path);
    const slash = path.lastIndexOf('/');
    // A parent that is a symlink would be followed by the kernel, perhaps out of the root.
    if (slash > 0 && get(path.slice(0, slash))?.kind !== 'directory') return undefined;
    return getBelowFolder(path);
  }

  /** The parent must be known to be a folder. */
  function getBelowFolder(path: BytePath): TreeEntry | undefined {
    if (known.has(path)) return known.get(path);
    const entry = existingEntry(path);
    known.set(path, entry);
    return entry;
  }

  function existingEntry(path: BytePath): TreeEntry | undefined {
    const entry = new LazyEntry(folder, path, shownOwner);
    try {
      return exists(entry) ? entry : undefined;
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
      throw error;
    }
  }

  return { root, rootOwned, folder, get, list, isExcluded: (path) => rules?.excludes(path) ?? false };
}

const ROOT: HostTree['owner'] = { uid: 0, gid: 0 };

/** A class, because a tree has tens of thousands: each costs one object, and what it was asked for. */
class LazyEntry implements TreeEntry {
  readonly path: BytePath;
  readonly systemPath: string | Buffer;
  readonly #owner: HostTree['owner'];
  #stats: BigIntStats | undefined;
  #kind: EntryKind | undefined;
  #target: BytePath | undefined;

  /** @param owner - shown instead of the one the file has. */
  constructor(folder: string, path: BytePath, owner: HostTree['owner']) {
    this.path = path;
    this.systemPath = systemPath(folder, path);
    this.#owner = owner;
  }

  get stats(): BigIntStats {
    // A root that is a symlink stands for the folder it points to.
    this.#stats ??= lstatSync(this.path === '' ? `${this.systemPath}/.` : this.systemPath, { bigint: true });
    return this.#stats;
  }

  get kind(): EntryKind {
    this.#kind ??= kindOf(this.stats);
    return this.#kind;
  }

  get uid(): number {
    return this.#owner?.uid ?? Number(this.stats.uid);
  }

  get gid(): number {
    return this.#owner?.gid ?? Number(this.stats.gid);
  }

  get target(): BytePath {
    this.#target ??= readlinkSync(this.systemPath, { encoding: 'latin1' });
    return this.#target;
  }
}

function kindOf(stats: BigIntStats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character-device';
  return stats.isBlockDevice() ? 'block-device' : 'socket';
}
