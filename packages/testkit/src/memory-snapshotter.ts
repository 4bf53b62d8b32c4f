// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type { Mount, SnapshotInfo, SnapshotRow, Snapshotter } from '@img-build/interfaces';
import { createMemorySnapshotBook } from './memory-snapshot-book.ts';
import type { OpenSnapshot } from './snapshotter-contract.ts';

/** A {@link Snapshotter} of text files in memory; its mounts can be used with `open` only. */
export interface MemorySnapshotter extends Snapshotter {
  open(mounts: readonly Mount[]): Promise<OpenSnapshot>;
}

const PREFIX = '/memory/';

/** Behaves like a snapshotter towards whoever only hands mounts on. */
export function createMemorySnapshotter(): MemorySnapshotter {
  const book = createMemorySnapshotBook();
  const contents = new Map<number, Map<string, string>>();

  function find(key: string): SnapshotRow {
    const row = book.get(key);
    if (row === undefined)
      throw new ToolError(`snapshot ${key} does not exist`, { code: 'SNAPSHOT_NOT_FOUND' });
    return row;
  }
  function mountsOf(row: SnapshotRow): readonly Mount[] {
    return [
      { type: 'bind', source: `${PREFIX}${row.id}`, options: ['rbind', row.kind === 'active' ? 'rw' : 'ro'] },
    ];
  }
  function create(row: SnapshotRow): readonly Mount[] {
    contents.set(row.id, new Map(row.parent === undefined ? [] : contents.get(find(row.parent).id)));
    return mountsOf(row);
  }
  function infoOf({ key, kind, parent, createdAt, label }: SnapshotRow): SnapshotInfo {
    return {
      key,
      kind,
      createdAt,
      ...(parent === undefined ? {} : { parent }),
      ...(label === undefined ? {} : { label }),
    };
  }

  return {
    backend: 'memory',
    async stat(key) {
      const row = book.get(key);
      return row === undefined ? undefined : infoOf(row);
    },
    async usage(key) {
      const files = [...(contents.get(find(key).id)?.values() ?? [])];
      return { size: files.reduce((sum, text) => sum + text.length, 0), inodes: files.length + 1 };
    },
    list: async () => book.list().map(infoOf),
    async prepare(key, parent, { signal, label } = {}) {
      signal?.throwIfAborted();
      return create(
        book.insert({
          key,
          kind: 'active',
          createdAt: Date.now(),
          ...(parent === undefined ? {} : { parent }),
          ...(label === undefined ? {} : { label }),
        }),
      );
    },
    async view(key, parent, { signal } = {}) {
      signal?.throwIfAborted();
      return create(book.insert({ key, kind: 'view', parent, createdAt: Date.now() }));
    },
    mounts: async (key) => mountsOf(find(key)),
    commit: async (name, key) => book.commit(name, key, Date.now()),
    rename: async (key, newKey) => book.rename(key, newKey),
    async remove(key) {
      contents.delete(book.remove(key).id);
    },
    async open([mount]) {
      return openMemory(
        contents.get(Number(mount?.source.slice(PREFIX.length))) ?? new Map(),
        mount?.options.includes('ro') ?? false,
      );
    },
  };
}

function openMemory(files: Map<string, string>, readonly: boolean): OpenSnapshot {
  function change(action: () => void): void {
    if (readonly) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    action();
  }
  return {
    write: (path, text) => change(() => files.set(path, text)),
    read: (path) => files.get(path),
    remove: (path) => change(() => files.delete(path)),
    list: () => [...files.keys()].sort(),
    close: async () => {},
  };
}
