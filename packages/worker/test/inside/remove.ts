// SPDX-License-Identifier: MIT
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { FileAction, RemoveAction } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestWorker, type TestWorker, writeTree } from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

let bases = 0;

async function changed<T>(
  actions: readonly FileAction[],
  look: (root: string) => T,
  base: (root: string) => void = () => {},
): Promise<T> {
  const name = `base${bases++}`;
  await worker.commit(name, base);
  return await worker.look(await worker.file(actions, [{ type: 'snapshot', name }]), look);
}

const remove = (path: string, change: Partial<RemoveAction> = {}): FileAction => ({
  type: 'remove',
  path,
  allowNotFound: false,
  allowWildcard: true,
  ...change,
});

describe('removing', () => {
  const base = (root: string): void => {
    writeTree(root, { 'd/a.log': '', 'd/b.log': '', 'd/keep': '', 'e/c.log': '', 'e/sub/x': '' });
    symlinkSync('/d', join(root, 'link'));
  };
  const left = (action: FileAction): Promise<readonly string[]> =>
    changed(
      [action],
      (root) =>
        (readdirSync(root, { recursive: true }) as string[]).filter((path) => !/^[de]$/.test(path)).sort(),
      base,
    );

  test.each([
    ['/d/a.log', {}, ['d/b.log', 'd/keep', 'e/c.log', 'e/sub', 'e/sub/x', 'link']],
    ['/d', {}, ['e/c.log', 'e/sub', 'e/sub/x', 'link']],
    ['/*/*.log', {}, ['d/keep', 'e/sub', 'e/sub/x', 'link']],
    ['/link', {}, ['d/a.log', 'd/b.log', 'd/keep', 'e/c.log', 'e/sub', 'e/sub/x']],
    ['/link/keep', {}, ['d/a.log', 'd/b.log', 'e/c.log', 'e/sub', 'e/sub/x', 'link']],
    ['/../../e', {}, ['d/a.log', 'd/b.log', 'd/keep', 'link']],
    [
      '/d/*.log',
      { allowWildcard: false, allowNotFound: true },
      ['d/a.log', 'd/b.log', 'd/keep', 'e/c.log', 'e/sub', 'e/sub/x', 'link'],
    ],
    [
      '/d/keep/below',
      { allowNotFound: true },
      ['d/a.log', 'd/b.log', 'd/keep', 'e/c.log', 'e/sub', 'e/sub/x', 'link'],
    ],
  ])('%s %j', async (path, change, expected) => {
    expect(await left(remove(path, change))).toEqual(expected);
  });

  test('what is not there, and the root', async () => {
    for (const path of ['/none', '/none/x', '/*.none'])
      await expect(left(remove(path))).rejects.toHaveProperty('code', 'FILE_NOT_FOUND');
    await expect(left(remove('/x/..'))).rejects.toHaveProperty('code', 'TREE_PATH_INVALID');
  });
});
