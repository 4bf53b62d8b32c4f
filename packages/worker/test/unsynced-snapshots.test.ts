// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locks, SnapshotInfo, Snapshotter } from '@img-build/interfaces';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dropUnsyncedSnapshots } from '../src/unsynced-snapshots.ts';

const LOCKS: Locks = { acquire: async () => () => {} };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'img-unsynced-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function snapshotterWith(snapshots: SnapshotInfo[]): Pick<Snapshotter, 'backend' | 'list' | 'remove'> {
  return {
    backend: 'overlayfs',
    list: async () => [...snapshots],
    remove: async (key) =>
      void snapshots.splice(
        snapshots.findIndex((each) => each.key === key),
        1,
      ),
  };
}

function committed(key: string, createdAt: number): SnapshotInfo {
  return { key, kind: 'committed', createdAt };
}

test('drops the last minute of snapshots after the machine was started anew', async () => {
  const snapshots = [committed('old', 0), committed('late', 100_000), committed('last', 150_000)];
  writeFileSync(join(folder, 'overlayfs.boot'), 'an earlier start');

  await dropUnsyncedSnapshots(snapshotterWith(snapshots) as Snapshotter, LOCKS, folder);

  expect(snapshots.map(({ key }) => key)).toEqual(['old']);
  expect(readFileSync(join(folder, 'overlayfs.boot'), 'utf8')).toBe(
    readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  );
});

test('keeps everything as long as the machine runs', async () => {
  const snapshots = [committed('old', 0), committed('last', 150_000)];
  const snapshotter = snapshotterWith(snapshots) as Snapshotter;

  await dropUnsyncedSnapshots(snapshotter, LOCKS, folder);
  await dropUnsyncedSnapshots(snapshotter, LOCKS, folder);

  expect(snapshots).toHaveLength(2);
});
