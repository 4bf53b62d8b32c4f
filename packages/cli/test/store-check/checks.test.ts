// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheRecord, SnapshotRow } from '@img-build/interfaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkCacheKeys, checkRecords } from '../../src/store-check/check-records.ts';
import { checkSnapshots, listSnapshotFolders } from '../../src/store-check/check-snapshots.ts';
import { corruption, lasting, type StoreProblem } from '../../src/store-check/problem.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const LAYER = {
  descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: DIGEST, size: 3 },
  diffId: DIGEST,
} as const;

function record(id: string, more: Partial<CacheRecord> = {}): CacheRecord {
  return { id, type: 'regular', description: id, createdAt: 1, lastUsedAt: 1, usageCount: 0, ...more };
}

function row(id: number, key: string, more: Partial<SnapshotRow> = {}): SnapshotRow {
  return { id, key, kind: 'committed', createdAt: 1, ...more };
}

function kinds(problems: readonly StoreProblem[]): readonly string[] {
  return problems.map(({ severity, kind, subject }) => `${severity} ${kind} ${subject}`);
}

describe('cache records', () => {
  const snapshots = new Map([['overlayfs', [row(1, 'unpacked'), row(2, 'active', { kind: 'active' })]]]);
  const check = (records: readonly CacheRecord[], sizes: readonly (readonly [string, number])[] = []) =>
    kinds(checkRecords({ records, snapshots }, new Map(sizes)));

  test('are sound unpacked, as a blob, or at a registry', () => {
    const records = [
      record('unpacked'),
      record('blob', { parent: 'unpacked', layer: LAYER }),
      record('remote', { layer: LAYER, remote: 'example.com/a:1' }),
    ];
    expect(check(records, [[DIGEST, 3]])).toEqual([]);
  });

  test('need their parent, and a layer that is what they say', () => {
    expect(check([record('unpacked', { parent: 'gone' })])).toEqual(['corruption record-orphaned unpacked']);
    expect(check([record('blob', { layer: LAYER })], [[DIGEST, 4]])).toEqual([
      'corruption record-layer-size blob',
    ]);
    const invalid = { ...LAYER, diffId: 'sha256:no' as typeof DIGEST };
    expect(check([record('unpacked', { layer: invalid })])).toEqual([
      'corruption record-layer-invalid unpacked',
    ]);
  });

  test('without files are made again, also where somebody only began to', () => {
    expect(check([record('active'), record('none', { layer: LAYER })])).toEqual([
      'leftover record-empty active',
      'leftover record-empty none',
    ]);
  });
});

test('cache keys lead to records, over links that lead somewhere', () => {
  const records = [record('there')];
  const cacheResults = [
    { key: 'good', id: 'there' },
    { key: 'empty', id: 'scratch' },
    { key: 'bad', id: 'gone' },
  ];
  const cacheLinks = [
    { source: 'first', target: 'second' },
    { source: 'second', target: 'good' },
    { source: 'second', target: 'nowhere' },
  ];
  expect(kinds(checkCacheKeys({ records, cacheResults, cacheLinks }))).toEqual([
    'corruption key-result-missing bad',
    'corruption key-dead nowhere',
  ]);
});

describe('snapshots', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'img-snapshots-'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function check(rows: readonly SnapshotRow[], alive: readonly string[] = []): readonly string[] {
    const workers = { anyAlive: alive.length > 0, isAlive: (worker: string) => alive.includes(worker) };
    const folders = listSnapshotFolders(root);
    return kinds(checkSnapshots(new Map([['native', rows]]), { root, folders, workers }));
  }

  function make(...paths: readonly string[]): void {
    for (const path of paths) mkdirSync(join(root, 'native', path), { recursive: true });
  }

  test('have a folder and a committed parent', () => {
    make('1/fs', '2/fs');
    const rows = [row(1, 'base'), row(2, 'top', { parent: 'base' })];
    expect(check(rows)).toEqual([]);
    expect(check([...rows, row(3, 'lost', { parent: 'gone' })])).toEqual([
      'corruption snapshot-missing lost',
      'corruption snapshot-orphaned lost',
    ]);
    expect(check([row(1, 'base', { kind: 'active' }), row(2, 'top', { parent: 'base' })])).toEqual([
      'corruption snapshot-orphaned top',
    ]);
  });

  test('in the making belong to their worker while it lives', () => {
    const rows = [row(1, 'work-4-0', { kind: 'active' })];
    expect(check(rows, ['4'])).toEqual([]);
    expect(check(rows, ['5'])).toEqual(['leftover snapshot-unfinished work-4-0']);
  });

  test('leave no folder, unless somebody may be removing it', () => {
    make('1/fs', '1/work', '7/fs');
    expect(check([row(1, 'base')])).toEqual([
      'leftover snapshot-work base',
      'leftover snapshot-stray snapshots/native/7',
    ]);
    expect(check([row(1, 'base')], ['0'])).toEqual(['leftover snapshot-work base']);
  });
});

test('only what two looks find is a problem', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((subject) => corruption('kind', subject, 'message')) as [
    StoreProblem,
    StoreProblem,
    StoreProblem,
  ];
  expect(lasting([a, b], [b, c])).toEqual([b]);
});
