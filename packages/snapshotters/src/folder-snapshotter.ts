// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type {
  AbortOptions,
  Clock,
  Mount,
  SnapshotBook,
  SnapshotInfo,
  SnapshotRow,
  Snapshotter,
} from '@img-build/interfaces';
import { measureTree } from './measure-tree.ts';
import { removeTree as removeTreeItself } from './remove-tree.ts';
import { SnapshotError } from './snapshot-error.ts';

/** A snapshotter that keeps each snapshot in a folder of its own. */
export interface FolderSnapshotter extends Snapshotter {
  /** Removes folders without a row, left by processes that were killed. Returns how many. */
  sweep(options?: AbortOptions): Promise<number>;
}

/** What both backends need. */
export interface FolderSnapshotterOptions {
  /** The folder of all backends; a snapshot is `<root>/<backend>/<id>/fs`. Absolute. */
  readonly root: string;
  readonly book: SnapshotBook;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** How to remove a folder; default: one by one in this thread, giving way to others. */
  readonly removeTree?: ((path: string, options?: AbortOptions) => Promise<void>) | undefined;
}

/** What differs between backends. */
export interface SnapshotLayout {
  readonly backend: string;
  /** Fills the empty folder of a new snapshot, whose committed parents are given nearest first. */
  fill(row: SnapshotRow, parents: readonly string[], options: AbortOptions): Promise<void>;
  mounts(row: SnapshotRow, parents: readonly string[]): readonly Mount[];
}

/** The life of snapshots: everything but what is in their folders. */
export function createFolderSnapshotter(
  options: FolderSnapshotterOptions,
  layout: SnapshotLayout,
): FolderSnapshotter {
  const { book, clock = Date.now, removeTree = removeTreeItself } = options;
  const root = join(options.root, layout.backend);
  const folderOf = (id: number): string => join(root, String(id));

  function find(key: string): SnapshotRow {
    const row = book.get(key);
    if (row === undefined)
      throw new SnapshotError(`snapshot ${key} does not exist`, { code: 'SNAPSHOT_NOT_FOUND' });
    return row;
  }

  function parentsOf({ parent }: SnapshotRow): readonly string[] {
    const parents: string[] = [];
    for (let key = parent; key !== undefined; ) {
      const row = find(key);
      parents.push(folderOf(row.id));
      key = row.parent;
    }
    return parents;
  }

  function mountsOf(row: SnapshotRow): readonly Mount[] {
    // A process killed while it made the snapshot leaves a row without its folder.
    if (!existsSync(join(folderOf(row.id), 'fs')))
      throw new SnapshotError(`snapshot ${row.key} was never finished`, { code: 'SNAPSHOT_NOT_FOUND' });
    return layout.mounts(row, parentsOf(row));
  }

  async function create(row: SnapshotRow, abort: AbortOptions): Promise<readonly Mount[]> {
    try {
      mkdirSync(folderOf(row.id), { recursive: true, mode: 0o700 });
      await layout.fill(row, parentsOf(row), abort);
      return mountsOf(row);
    } catch (error) {
      await discard(row.key, {});
      throw error;
    }
  }

  async function discard(key: string, abort: AbortOptions): Promise<void> {
    const { id } = book.remove(key);
    // The row is gone: from here on the folder is garbage, whatever happens.
    await removeTree(folderOf(id), abort);
  }

  return {
    backend: layout.backend,
    stat: async (key) => infoOf(book.get(key)),
    usage: async (key, abort) => measureTree(join(folderOf(find(key).id), 'fs'), abort),
    list: async () => book.list().map((row) => infoOf(row)),
    prepare: async (key, parent, { label, ...abort } = {}) => {
      abort.signal?.throwIfAborted();
      return create(
        book.insert({
          key,
          kind: 'active',
          createdAt: clock(),
          ...(parent === undefined ? {} : { parent }),
          ...(label === undefined ? {} : { label }),
        }),
        abort,
      );
    },
    view: async (key, parent, abort = {}) => {
      abort.signal?.throwIfAborted();
      return create(book.insert({ key, kind: 'view', parent, createdAt: clock() }), abort);
    },
    mounts: async (key) => mountsOf(find(key)),
    commit: async (name, key) => {
      const { id, kind } = find(key);
      // Overlayfs leaves a folder in there that its own owner may not open, and so not remove. First, because nobody would
      // look for it in a committed snapshot of a process that was killed in between.
      if (kind === 'active' && book.get(name) === undefined) await removeTree(join(folderOf(id), 'work'), {});
      book.commit(name, key, clock());
    },
    rename: async (key, newKey) => book.rename(key, newKey),
    remove: async (key, abort = {}) => discard(key, abort),
    async sweep(abort) {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      // Folders first: one that is made meanwhile has its row already.
      const folders = readdirSync(root);
      const known = new Set(book.list().map(({ id }) => String(id)));
      const garbage = folders.filter((name) => !known.has(name));
      for (const name of garbage) await removeTree(join(root, name), abort);
      return garbage.length;
    },
  };
}

function infoOf(row: SnapshotRow): SnapshotInfo;
function infoOf(row: SnapshotRow | undefined): SnapshotInfo | undefined;
function infoOf(row: SnapshotRow | undefined): SnapshotInfo | undefined {
  if (row === undefined) return undefined;
  const { key, kind, parent, createdAt, label } = row;
  return {
    key,
    kind,
    createdAt,
    ...(parent === undefined ? {} : { parent }),
    ...(label === undefined ? {} : { label }),
  };
}
