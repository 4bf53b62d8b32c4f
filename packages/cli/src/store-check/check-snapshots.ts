// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotRow } from '@img-build/interfaces';
import type { StoreContents } from '@img-build/metadata';
import { namesIn } from './folder-names.ts';
import { corruption, leftover, type StoreProblem } from './problem.ts';

/** The folders that backends have for snapshots, by backend; list them before the rows are read. */
export type SnapshotFolders = ReadonlyMap<string, readonly string[]>;

/** What is known of the processes that work with snapshots. */
export interface Workers {
  /** Whether the worker with this number is alive. */
  readonly isAlive: (worker: string) => boolean;
  /** Whether any is. */
  readonly anyAlive: boolean;
}

const BACKENDS = ['native', 'overlayfs'];
/** Keys of the snapshots that a worker is changing or reading. */
const WORK_KEY = /^work-(\d+)-\d+$/;
const SNAPSHOT_FOLDER = /^\d+$/;

/** Lists the folders of all snapshots. @param root - the folder of all backends. */
export function listSnapshotFolders(root: string): SnapshotFolders {
  return new Map(BACKENDS.map((backend) => [backend, namesIn(join(root, backend))] as const));
}

/** Checks rows against folders and against one another. */
export function checkSnapshots(
  snapshots: StoreContents['snapshots'],
  {
    root,
    folders,
    workers,
  }: { readonly root: string; readonly folders: SnapshotFolders; readonly workers: Workers },
): readonly StoreProblem[] {
  const rows = [...snapshots].flatMap(([backend, list]) => {
    const byKey = new Map(list.map((row) => [row.key, row]));
    return list.flatMap((row) =>
      checkRow(row, { folder: join(root, backend, String(row.id)), backend, byKey, workers }),
    );
  });
  return [...rows, ...strayFolders(snapshots, folders, workers)];
}

interface RowCheck {
  readonly folder: string;
  readonly backend: string;
  readonly byKey: ReadonlyMap<string, SnapshotRow>;
  readonly workers: Workers;
}

function checkRow(row: SnapshotRow, { folder, backend, byKey, workers }: RowCheck): readonly StoreProblem[] {
  const { key, kind, parent } = row;
  const worker = WORK_KEY.exec(key)?.[1];
  if (worker !== undefined) {
    if (workers.isAlive(worker)) return [];
    return [leftover('snapshot-unfinished', key, `was left by a ${backend} worker that was killed`)];
  }
  const problems: StoreProblem[] = [];
  if (!isFolder(join(folder, 'fs')))
    problems.push(corruption('snapshot-missing', key, `its files, ${backend}/${row.id}/fs, are gone`));
  if (parent !== undefined && byKey.get(parent)?.kind !== 'committed')
    problems.push(corruption('snapshot-orphaned', key, `its parent, snapshot ${parent}, is gone`));
  if (kind === 'committed' && isFolder(join(folder, 'work')))
    problems.push(leftover('snapshot-work', key, 'still has the folder it was made with'));
  return problems;
}

/** A folder gets its row first and loses it first, so one without a row is being removed, or was when its worker died. */
function strayFolders(
  snapshots: StoreContents['snapshots'],
  folders: SnapshotFolders,
  { anyAlive }: Workers,
): readonly StoreProblem[] {
  if (anyAlive) return [];
  return [...folders].flatMap(([backend, names]) => {
    const known = new Set(snapshots.get(backend)?.map(({ id }) => String(id)));
    return names
      .filter((name) => !known.has(name))
      .map((name) =>
        leftover(
          SNAPSHOT_FOLDER.test(name) ? 'snapshot-stray' : 'file-stray',
          `snapshots/${backend}/${name}`,
          'belongs to no snapshot',
        ),
      );
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
