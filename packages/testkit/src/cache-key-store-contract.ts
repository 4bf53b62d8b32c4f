// SPDX-License-Identifier: MIT

import type { CacheKeyStore, CacheLink } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';

const OP: Digest = `sha256:${'a'.repeat(64)}`;
const OTHER_OP: Digest = `sha256:${'b'.repeat(64)}`;
const SELECTOR: Digest = `sha256:${'c'.repeat(64)}`;
const LINK: CacheLink = { input: 0, digest: OP };

/** The behaviour every store of cache keys must have. `create` returns an empty one. */
export function describeCacheKeyStore(name: string, create: () => Promise<CacheKeyStore>): void {
  describe(`${name} as a CacheKeyStore`, () => {
    describeResults(create);
    describeLinks(create);
    describeRelease(create);
    describeTransactions(create);
  });
}

function describeResults(create: () => Promise<CacheKeyStore>): void {
  test('knows nothing at first', async () => {
    const store = await create();

    expect(store.exists('k')).toBe(false);
    expect(store.results('k')).toEqual([]);
    expect(store.targets('k', LINK)).toEqual([]);
    expect(store.backlinks('k')).toEqual([]);
  });

  test('gives the results of a key, newest first', async () => {
    const store = await create();

    store.addResult('k', { id: 'old', createdAt: 1 });
    store.addResult('k', { id: 'new', createdAt: 3 });
    store.addResult('k', { id: 'middle', createdAt: 2 });

    expect(store.exists('k')).toBe(true);
    expect(store.results('k').map(({ id }) => id)).toEqual(['new', 'middle', 'old']);
  });

  test('keeps one entry per result, with the later time', async () => {
    const store = await create();

    store.addResult('k', { id: 'r', createdAt: 5 });
    store.addResult('k', { id: 'r', createdAt: 2 });

    expect(store.results('k')).toEqual([{ id: 'r', createdAt: 5 }]);
  });
}

function describeLinks(create: () => Promise<CacheKeyStore>): void {
  test('follows a link only when input, digest and selector are equal', async () => {
    const store = await create();
    store.addLink('a', LINK, 'b');

    expect(store.exists('a')).toBe(true);
    expect(store.targets('a', { ...LINK })).toEqual(['b']);
    expect(store.targets('a', { ...LINK, input: 1 })).toEqual([]);
    expect(store.targets('a', { ...LINK, digest: OTHER_OP })).toEqual([]);
    expect(store.targets('a', { ...LINK, selector: SELECTOR })).toEqual([]);
    expect(store.targets('b', LINK)).toEqual([]);
  });

  test('treats an absent and an undefined selector as the same', async () => {
    const store = await create();
    store.addLink('a', { ...LINK, selector: undefined }, 'b');

    expect(store.targets('a', LINK)).toEqual(['b']);
  });

  test('keeps a link once, and all its targets', async () => {
    const store = await create();

    store.addLink('a', LINK, 'b');
    store.addLink('a', LINK, 'b');
    store.addLink('a', LINK, 'c');

    expect([...store.targets('a', LINK)].sort()).toEqual(['b', 'c']);
  });

  test('tells where a key is reached from, with the selector', async () => {
    const store = await create();
    store.addLink('a', { ...LINK, selector: SELECTOR }, 'k');
    store.addLink('b', { ...LINK, input: 1 }, 'k');
    store.addLink('b', { ...LINK, input: 1 }, 'other');

    const found = [...store.backlinks('k')].sort((x, y) => x.link.input - y.link.input);

    expect(found).toEqual([
      { source: 'a', link: { ...LINK, selector: SELECTOR } },
      { source: 'b', link: { ...LINK, input: 1 } },
    ]);
  });
}

function describeRelease(create: () => Promise<CacheKeyStore>): void {
  test('drops a released result from every key', async () => {
    const store = await create();
    for (const key of ['k', 'l']) store.addResult(key, { id: 'r', createdAt: 1 });
    store.addResult('l', { id: 's', createdAt: 1 });

    store.releaseResult('r');

    expect(store.exists('k')).toBe(false);
    expect(store.results('l')).toEqual([{ id: 's', createdAt: 1 }]);
  });

  test('drops keys that lead nowhere any more, up to the first that does', async () => {
    const store = await create();
    store.addLink('root', LINK, 'middle');
    store.addLink('middle', LINK, 'leaf');
    store.addResult('root', { id: 'r0', createdAt: 1 });
    store.addResult('leaf', { id: 'r2', createdAt: 1 });

    store.releaseResult('r2');

    expect(store.exists('leaf')).toBe(false);
    expect(store.exists('middle')).toBe(false);
    expect(store.targets('root', LINK)).toEqual([]);
    expect(store.exists('root')).toBe(true);
  });

  test('keeps a key without results that leads to another one', async () => {
    const store = await create();
    store.addLink('root', LINK, 'middle');
    store.addLink('middle', LINK, 'leaf');
    for (const [key, id] of [
      ['root', 'r0'],
      ['middle', 'r1'],
      ['leaf', 'r2'],
    ] as const)
      store.addResult(key, { id, createdAt: 1 });

    store.releaseResult('r1');
    store.releaseResult('r0');

    expect(store.results('middle')).toEqual([]);
    expect(store.targets('root', LINK)).toEqual(['middle']);
    expect(store.targets('middle', LINK)).toEqual(['leaf']);
  });

  test('drops every way to a key that is gone and keeps the others', async () => {
    const store = await create();
    store.addLink('a', LINK, 'gone');
    store.addLink('b', LINK, 'gone');
    store.addLink('b', LINK, 'kept');
    store.addResult('gone', { id: 'r', createdAt: 1 });
    store.addResult('kept', { id: 's', createdAt: 1 });

    store.releaseResult('r');

    expect(store.exists('a')).toBe(false);
    expect(store.targets('b', LINK)).toEqual(['kept']);
    expect(store.backlinks('gone')).toEqual([]);
  });

  test('ignores a result it does not know', async () => {
    const store = await create();
    store.addResult('k', { id: 'r', createdAt: 1 });

    store.releaseResult('unknown');

    expect(store.exists('k')).toBe(true);
  });
}

function describeTransactions(create: () => Promise<CacheKeyStore>): void {
  test('returns what the work of a transaction returns, also of a nested one', async () => {
    const store = await create();

    const value = store.transaction(() => {
      store.addLink('a', LINK, 'b');
      return store.transaction(() => {
        store.addResult('b', { id: 'r', createdAt: 1 });
        return store.targets('a', LINK);
      });
    });

    expect(value).toEqual(['b']);
    expect(store.results('b')).toHaveLength(1);
  });

  test('keeps nothing of a transaction that throws', async () => {
    const store = await create();
    store.addResult('before', { id: 'r', createdAt: 1 });
    const work = (): void => {
      store.addLink('a', LINK, 'b');
      store.releaseResult('r');
      throw new RangeError('on purpose');
    };

    expect(() => store.transaction(work)).toThrow('on purpose');
    expect(store.exists('a')).toBe(false);
    expect(store.exists('before')).toBe(true);
  });
}
