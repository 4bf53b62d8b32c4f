// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { linkSync, lstatSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { FileAction } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { copy, createTestWorker, hostTree, oneId, parent, type TestWorker } from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

let bases = 0;

describe('archives', () => {
  const content = hostTree({ top: 't', 'd/inner': 'i' });
  linkSync(join(content.path, 'd/inner'), join(content.path, 'd/linked'));
  const context = hostTree({ 'plain.tar': 'not an archive at all' });
  for (const flag of ['', '--gzip', '--xz', '--bzip2', '--zstd'])
    spawnSync('tar', [
      '-cf',
      join(context.path, `a${flag}`),
      ...(flag === '' ? [] : [flag]),
      '-C',
      content.path,
      '.',
    ]);
  const add = (source: string, destination: string, change = {}): FileAction =>
    copy(source, destination, { unpackArchive: true, ...change });
  const added = <T>(
    action: FileAction,
    look: (root: string) => T,
    base: (root: string) => void = () => {},
  ): Promise<T> => {
    const name = `base${bases++}`;
    return worker
      .commit(name, base)
      .then(async () =>
        worker.look(await worker.file([action], [{ type: 'snapshot', name }, context]), look),
      );
  };
  const names = (root: string): readonly string[] =>
    (readdirSync(root, { recursive: true }) as string[]).sort();

  test.each(['a', 'a--gzip', 'a--xz', 'a--bzip2', 'a--zstd'])(
    '%s is known by its content',
    async (source) => {
      const found = await added(add(source, '/to'), (root) => [
        ...names(join(root, 'to')),
        lstatSync(join(root, 'to/d/inner')).nlink,
      ]);
      expect(found).toEqual(['d', 'd/inner', 'd/linked', 'top', 2]);
    },
  );

  test('what only has the name of one is copied, also to a new name', async () => {
    expect(
      await added(add('plain.tar', '/new/name'), (root) => lstatSync(join(root, 'new/name')).isFile()),
    ).toBe(true);
    expect(await added(add('plain.tar', '/new/'), (root) => names(join(root, 'new')))).toEqual(['plain.tar']);
  });

  test('is copied as it is when unpacking is not asked for', async () => {
    expect(
      await added(add('a', '/a', { unpackArchive: false }), (root) => lstatSync(join(root, 'a')).isFile()),
    ).toBe(true);
  });

  test('stays in the root, whatever links are there', async () => {
    const outside = mkdtempSync(join(parent, 'out'));
    const found = await added(
      add('a', '/link'),
      (root) => names(root),
      (root) => symlinkSync(outside, join(root, 'link')),
    );
    expect(found.some((path) => path.endsWith('/d/inner'))).toBe(true);
    expect(readdirSync(outside)).toEqual([]);
  });

  test('belongs to whom it is told', async () => {
    const action = add('a', '/to', { owner: { user: { id: 1234 } } });
    if (oneId)
      await expect(added(action, () => {})).rejects.toHaveProperty(
        'code',
        expect.stringMatching(/UNMAPPED|OWNER/),
      );
    else
      expect(
        await added(action, (root) =>
          ['to', 'to/top', 'to/d/inner'].map((path) => lstatSync(join(root, path)).uid),
        ),
      ).toEqual([1234, 1234, 1234]);
  });
});
