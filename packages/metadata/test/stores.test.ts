// SPDX-License-Identifier: MIT
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FileStamp, StampedDigest } from '@img-build/interfaces';
import type { Descriptor, Digest } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openState, statePath } from './temporary-state.ts';

const TARGET: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'1'.repeat(64)}`,
  size: 7,
};

function counter(): () => number {
  let now = 100;
  return () => now++;
}

/** Tables of the first version; SQLite's own ones stay as well. */
const FIRST_TABLES = [
  'images',
  'records',
  'snapshots',
  'cache_results',
  'cache_links',
  'stat_cache',
  'leases',
  'lease_resources',
  'sqlite_sequence',
];

describe('the database file', () => {
  test('appears at the first use, private, with its folder', async () => {
    const path = join(dirname(statePath()), 'deep', 'state.db');
    const metadata = openState({ path });
    expect(() => statSync(path)).toThrow();

    metadata.images.put('docker.io/library/a:1', TARGET);

    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(dirname(path)))
      expect(statSync(join(dirname(path), file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toContain('state.db-wal');
  });

  test('keeps everything over a restart', async () => {
    const path = statePath();
    const first = openState({ path });
    first.images.put('docker.io/library/a:1', TARGET);
    await first.close();
    await first.close();

    expect(openState({ path }).images.get('docker.io/library/a:1')?.target).toEqual(TARGET);
  });

  test('of a later program is refused and left alone', () => {
    const path = statePath();
    const later = new DatabaseSync(path);
    later.exec('PRAGMA user_version = 99');
    later.close();

    expect(() => openState({ path }).images.list()).toThrow(
      expect.objectContaining({ code: 'METADATA_TOO_NEW' }),
    );
  });

  test('of an earlier program is brought up to date, with what it holds', async () => {
    const path = statePath();
    const first = openState({ path });
    first.snapshots('native').insert({ key: 'old', kind: 'active', createdAt: 1 });
    await first.close();
    const earlier = new DatabaseSync(path);
    const known = FIRST_TABLES.map((name) => `'${name}'`).join(', ');
    const later = earlier
      .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN (${known})`)
      .all();
    for (const { name } of later) earlier.exec(`DROP TABLE ${String(name)}`);
    earlier.exec('ALTER TABLE snapshots DROP COLUMN label; PRAGMA user_version = 1');
    earlier.close();

    const book = openState({ path }).snapshots('native');
    const labelled = book.insert({ key: 'new', kind: 'active', createdAt: 2, label: 'mine' });
    expect(labelled.label).toBe('mine');
    expect(book.list()).toMatchObject([{ key: 'old' }, { key: 'new', label: 'mine' }]);
  });

  test('that is no database is reported as damaged', () => {
    const path = statePath();
    writeFileSync(path, 'this is no database, however long it goes on '.repeat(100));

    expect(() => openState({ path }).images.list()).toThrow(
      expect.objectContaining({ code: 'METADATA_CORRUPT' }),
    );
  });

  test('waits no longer than told for another writer', () => {
    const path = statePath();
    openState({ path }).images.list();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');

    try {
      expect(() => openState({ path, busyTimeout: 20 }).images.put('a', TARGET)).toThrow(
        expect.objectContaining({ code: 'METADATA_BUSY' }),
      );
    } finally {
      other.close();
    }
  });
});

describe('images', () => {
  test('are created, moved and removed by name', () => {
    const { images } = openState({ clock: counter() });
    const moved = { ...TARGET, digest: `sha256:${'2'.repeat(64)}` as Digest };

    expect(images.put('b', TARGET)).toEqual({ name: 'b', target: TARGET, createdAt: 100, updatedAt: 100 });
    expect(images.put('b', moved)).toEqual({ name: 'b', target: moved, createdAt: 100, updatedAt: 101 });
    images.put('a', TARGET);

    expect(images.list().map(({ name }) => name)).toEqual(['a', 'b']);
    expect([images.remove('b'), images.remove('b')]).toEqual([true, false]);
    expect(images.get('b')).toBeUndefined();
  });
});

describe('records', () => {
  const layer = { descriptor: TARGET, diffId: TARGET.digest };

  test('are put once and changed afterwards', () => {
    const { records } = openState({ clock: counter() });
    const record = {
      id: 'r',
      type: 'regular',
      description: 'first',
      remote: 'example.com/a:1',
      layer,
    } as const;

    expect(records.put(record)).toEqual({
      ...record,
      parent: undefined,
      size: undefined,
      createdAt: 100,
      lastUsedAt: 100,
      usageCount: 0,
    });
    expect(records.put({ ...record, description: 'second' }).description).toBe('first');
    records.update('r', { size: 5, remote: undefined });
    records.touch(['r', 'unknown']);

    expect(records.get('r')).toEqual({
      ...record,
      size: 5,
      remote: undefined,
      parent: undefined,
      createdAt: 100,
      lastUsedAt: 102,
      usageCount: 1,
    });
    records.remove(['r', 'unknown']);
    expect(records.list()).toEqual([]);
  });
});

describe('snapshot books', () => {
  test('follow prepare, commit and remove, one backend apart from the other', () => {
    const metadata = openState();
    const [book, other] = [metadata.snapshots('overlayfs'), metadata.snapshots('native')];

    const first = book.insert({ key: 'work', kind: 'active', createdAt: 1 });
    book.commit('layer', 'work', 1);
    const second = book.insert({ key: 'work', kind: 'active', parent: 'layer', createdAt: 2 });

    expect(book.get('layer')).toEqual({ ...first, key: 'layer', kind: 'committed' });
    expect(book.list().map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(other.list()).toEqual([]);
    expect(() => book.remove('layer')).toThrow(expect.objectContaining({ code: 'SNAPSHOT_IN_USE' }));
    expect(book.remove('work')).toEqual(second);
    book.remove('layer');
    expect(book.insert({ key: 'again', kind: 'active', createdAt: 3 }).id).toBeGreaterThan(second.id);
  });

  test('refuse what would break them', () => {
    const book = openState().snapshots('native');
    book.insert({ key: 'active', kind: 'active', createdAt: 1 });
    book.insert({ key: 'base', kind: 'active', createdAt: 1 });
    book.commit('base-layer', 'base', 1);
    const throwing = (work: () => unknown, code: string): void =>
      expect(work).toThrow(expect.objectContaining({ code }));

    throwing(() => book.insert({ key: 'active', kind: 'view', createdAt: 1 }), 'SNAPSHOT_EXISTS');
    throwing(
      () => book.insert({ key: 'x', kind: 'active', parent: 'none', createdAt: 1 }),
      'SNAPSHOT_NOT_FOUND',
    );
    throwing(
      () => book.insert({ key: 'x', kind: 'active', parent: 'active', createdAt: 1 }),
      'SNAPSHOT_NOT_COMMITTED',
    );
    throwing(() => book.commit('y', 'base-layer', 1), 'SNAPSHOT_NOT_ACTIVE');
    throwing(() => book.commit('base-layer', 'active', 1), 'SNAPSHOT_EXISTS');
    throwing(() => book.commit('y', 'none', 1), 'SNAPSHOT_NOT_FOUND');
    throwing(() => book.remove('none'), 'SNAPSHOT_NOT_FOUND');
    expect(book.list()).toHaveLength(2);
  });
});

describe('the stat cache', () => {
  const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const stamp: fc.Arbitrary<FileStamp> = fc.record({
    size: fc.maxSafeNat(),
    modified: signed,
    changed: signed,
    inode: unsigned,
    device: unsigned,
    mode: fc.nat(0o177777),
  });
  const digest = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes): Digest => `sha256:${Buffer.from(bytes).toString('hex')}`);
  const path = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));
  const entries = fc
    .array(fc.tuple(path, fc.record({ stamp, digest })), { maxLength: 20 })
    .map((list) => new Map<string, StampedDigest>(list));

  test('gives back what was saved, per folder, and replaces it', () => {
    const { statCache } = openState();
    fc.assert(
      fc.property(entries, entries, (one, two) => {
        statCache.save('/one', two);
        statCache.save('/one', one);
        statCache.save('/two', two);

        expect([...statCache.load('/one')]).toEqual([...one]);
        expect([...statCache.load('/two')]).toEqual([...two]);
      }),
      { numRuns: 100 },
    );
    expect(statCache.load('/three').size).toBe(0);
  });

  test('forgets the folders saved longest ago', () => {
    const { statCache } = openState({ maxStatFolders: 2, clock: counter() });
    const one = new Map([
      [
        'f',
        {
          stamp: { size: 1, modified: 1n, changed: 1n, inode: 1n, device: 1n, mode: 1 },
          digest: TARGET.digest,
        },
      ],
    ]);

    for (const folder of ['/a', '/b', '/a', '/c']) statCache.save(folder, one);

    expect(['/a', '/b', '/c'].map((folder) => statCache.load(folder).size)).toEqual([1, 0, 1]);
  });

  test('treats a damaged row as no entries', async () => {
    const path_ = statePath();
    const first = openState({ path: path_ });
    first.statCache.save('/a', new Map());
    const raw = new DatabaseSync(path_);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(10), Buffer.alloc(200, 0x53)]) {
      raw.prepare('UPDATE stat_cache SET entries = ?').run(bytes);
      expect(first.statCache.load('/a').size).toBe(0);
    }
    raw.close();
  });
});
