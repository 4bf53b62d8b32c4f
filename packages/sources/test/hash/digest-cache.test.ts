// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileStamp, StampedDigest, StatCache } from '@img-build/interfaces';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createContentHasher } from '../../src/hash/content-hasher.ts';
import { folderWith, put, removeFolders } from '../folder.ts';
import { DATA1, DATA2 } from './known-digests.ts';

afterAll(removeFolders);

describe('with a stat cache', () => {
  function memoryStatCache(): StatCache & { readonly entries: Map<string, StampedDigest> } {
    const entries = new Map<string, StampedDigest>();
    return {
      entries,
      load: () => new Map(entries),
      save: (_folder, next) => {
        entries.clear();
        for (const [path, stamped] of next) entries.set(path, stamped);
      },
    };
  }
  const later = (): number => Date.now() + 60_000;

  test('an unchanged file is not read again', async () => {
    const root = folderWith({ a: 'data0', 'd/b': 'data1' });
    const statCache = memoryStatCache();
    const hasher = createContentHasher({ statCache, clock: later });
    const first = await hasher.checksum({ path: root, rootOwned: true }, [{ path: '/' }]);
    expect([...statCache.entries.keys()].sort()).toEqual(['a', 'd/b']);
    // A digest planted under the right stamp shows that the file's bytes were not looked at.
    for (const [path, { stamp }] of [...statCache.entries])
      statCache.entries.set(path, { stamp, digest: DATA2 as StampedDigest['digest'] });
    const [planted] = await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    expect(planted).toBe(DATA2);
    expect(first).not.toContain(DATA2);
  });

  test('a changed file is read, even with its old time and size', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    const hasher = createContentHasher({ statCache, clock: later });
    await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    put(root, 'a', 'data1');
    expect(await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }])).toEqual([DATA1]);
  });

  test('a file that changed just now is not trusted', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache }).checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    expect(statCache.entries.size).toBe(0);
  });

  test('digests of a tree with owners of its own are not mixed in', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache, clock: later }).checksum({ path: root, rootOwned: false }, [
      { path: 'a' },
    ]);
    expect(statCache.entries.size).toBe(0);
  });

  test("stamps hold the file's change time", async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache, clock: later }).checksum({ path: root, rootOwned: true }, [
      { path: 'a' },
    ]);
    const stamp = statCache.entries.get('a')?.stamp as FileStamp;
    expect(stamp.size).toBe(readFileSync(join(root, 'a')).length);
    expect(stamp.changed).toBeGreaterThan(stamp.modified);
  });
});
