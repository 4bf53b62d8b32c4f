// SPDX-License-Identifier: MIT
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';

import { join } from 'node:path';
import type { CopyAction, HostTree } from '@img-build/interfaces';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { copy, createTestWorker, hostTree, type TestWorker, writeTree } from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
});

const EMPTY = { type: 'empty' } as const;
const EPOCH = new Date(1_000_000_000_000);
const SOURCE = new Date(1_100_000_000_000);

/** Copies onto a tree that `base` writes, and lets `look` see what came of it. */
async function copied<T>(
  context: HostTree,
  actions: readonly CopyAction[],
  look: (root: string) => T,
  base?: (root: string) => void,
): Promise<T> {
  const name = `base${bases++}`;
  if (base !== undefined) await worker.commit(name, base);
  const output = await worker.file(actions, [
    base === undefined ? EMPTY : { type: 'snapshot', name },
    context,
  ]);
  expect(await worker.leftovers()).toEqual([]);
  return await worker.look(output, look);
}
let bases = 0;

function text(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function mode(root: string, path: string): number {
  return lstatSync(join(root, path)).mode & 0o7777;
}

describe('where files go', () => {
  const context = hostTree({ 'one.txt': '1', 'two.txt': '2', 'folder/in': 'i', 'folder/deep/er': 'e' });

  test('the contents of a folder, never the folder', async () => {
    const names = await copied(context, [copy('folder', '/to')], (root) =>
      readdirSync(join(root, 'to'), { recursive: true }),
    );
    expect(names.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['deep', 'deep/er', 'in']);
  });

  test.each([
    ['/new', 'new'],
    ['/new/', 'new/one.txt'],
    ['/there', 'there/one.txt'],
    ['/link', 'there/one.txt'],
    ['/', 'one.txt'],
    ['', 'one.txt'],
    ['.', 'one.txt'],
    ['/a/b/c', 'a/b/c'],
    ['/../../up', 'up'],
  ])('a file copied to %j is %j', async (destination, path) => {
    const base = (root: string): void => {
      mkdirSync(join(root, 'there'));
      symlinkSync('there', join(root, 'link'));
    };
    expect(await copied(context, [copy('/one.txt', destination)], (root) => text(root, path), base)).toBe(
      '1',
    );
  });

  test.each(['one.txt', '/one.txt', './one.txt', '../one.txt', '/../../one.txt', 'folder/../one.txt'])(
    'the source %j lies below the root',
    async (source) => {
      expect(await copied(context, [copy(source, '/x')], (root) => text(root, 'x'))).toBe('1');
    },
  );

  test('files copied to one name overwrite one another, folders merge', async () => {
    const actions = [
      copy('one.txt', '/x'),
      copy('two.txt', '/x'),
      copy('folder', '/y'),
      copy('folder/deep', '/y'),
    ];
    const found = await copied(context, actions, (root) => [
      text(root, 'x'),
      ...readdirSync(join(root, 'y')),
    ]);
    expect(found).toEqual(['2', 'deep', 'er', 'in']);
  });

  test('a file named as folder when contents are not asked for', async () => {
    const found = await copied(context, [copy('folder', '/to', { directoryContents: false })], (root) =>
      readdirSync(join(root, 'to')),
    );
    expect(found).toEqual(['folder']);
  });
});

describe('folders', () => {
  function context(): HostTree {
    const tree = hostTree({ 'src/nested/file': 'f', 'src/plain': 'p' });
    chmodSync(join(tree.path, 'src'), 0o700);
    chmodSync(join(tree.path, 'src/nested'), 0o750);
    utimesSync(join(tree.path, 'src/nested'), EPOCH, EPOCH);
    utimesSync(join(tree.path, 'src'), SOURCE, SOURCE);
    return tree;
  }

  test('one made for the copy is 0755, nested ones look like their source', async () => {
    const modes = await copied(context(), [copy('src', '/a/b')], (root) => [
      mode(root, 'a'),
      mode(root, 'a/b'),
      mode(root, 'a/b/nested'),
      lstatSync(join(root, 'a/b')).mtime.getTime(),
      lstatSync(join(root, 'a/b/nested')).mtime.getTime(),
    ]);
    expect(modes).toEqual([0o755, 0o755, 0o750, SOURCE.getTime(), EPOCH.getTime()]);
  });

  test('one that exists keeps mode and owner, and takes the time of the source; nested ones take all', async () => {
    const base = (root: string): void => {
      writeTree(root, { 'there/nested/old': 'o' });
      chmodSync(join(root, 'there'), 0o711);
      chmodSync(join(root, 'there/nested'), 0o777);
      utimesSync(join(root, 'there'), EPOCH, EPOCH);
    };
    const found = await copied(
      context(),
      [copy('src', '/there/')],
      (root) => ({
        there: mode(root, 'there'),
        time: lstatSync(join(root, 'there')).mtime.getTime(),
        nested: mode(root, 'there/nested'),
        names: readdirSync(join(root, 'there/nested')),
      }),
      base,
    );
    expect(found).toEqual({ there: 0o711, time: SOURCE.getTime(), nested: 0o750, names: ['file', 'old'] });
  });

  test('a file changes the time of the folder it is put in, as any new file does', async () => {
    const time = await copied(
      context(),
      [copy('src/plain', '/there/')],
      (root) => lstatSync(join(root, 'there')).mtime.getTime(),
      (root) => {
        mkdirSync(join(root, 'there'));
        utimesSync(join(root, 'there'), EPOCH, EPOCH);
      },
    );
    expect(time).toBeGreaterThan(EPOCH.getTime());
  });

  test.each([
    ['a folder over a file', copy('src', '/thing'), { thing: '' }],
    ['a nested folder over a file', copy('src', '/to'), { 'to/nested': '' }],
    ['a file over a folder', copy('src/plain', '/to/'), { 'to/plain/': '' }],
    ['a file below a file', copy('src/plain', '/thing/x'), { thing: '' }],
  ])('%s is an error', async (_name, action, files) => {
    await expect(
      copied(
        context(),
        [action],
        () => {},
        (root) => writeTree(root, files),
      ),
    ).rejects.toHaveProperty('code', 'FILE_COPY_CONFLICT');
    expect(await worker.leftovers()).toEqual([]);
  });

  test('what is in the way goes when it may be replaced', async () => {
    const actions = [copy('src', '/to', { replaceExisting: true })];
    const found = await copied(
      context(),
      actions,
      (root) => [lstatSync(join(root, 'to/nested')).isDirectory(), text(root, 'to/plain')],
      (root) => writeTree(root, { 'to/nested': 'was a file', 'to/plain/x': 'was a folder' }),
    );
    expect(found).toEqual([true, 'p']);
  });

  test('a parent is not made when that is not asked for', async () => {
    const action = copy('src/plain', '/no/where', { createDestinationPath: false });
    await expect(copied(context(), [action], () => {})).rejects.toHaveProperty('code', 'FILE_NOT_FOUND');
  });
});

describe('symlinks', () => {
  const context = hostTree({ 'real/file': 'r', 'outside-of-sub': 'o', 'sub/x': 'x' });
  symlinkSync('real', join(context.path, 'to-folder'));
  symlinkSync('real/file', join(context.path, 'to-file'));
  symlinkSync('/real/file', join(context.path, 'absolute'));
  symlinkSync('../../../../../../etc', join(context.path, 'evil'));
  symlinkSync('missing', join(context.path, 'sub/dangling'));
  symlinkSync('../outside-of-sub', join(context.path, 'sub/up'));

  test('a named source is followed, inside the root', async () => {
    const actions = [
      copy('to-folder', '/a'),
      copy('to-file', '/b'),
      copy('absolute', '/c'),
      copy('to-folder/file', '/d'),
    ];
    expect(
      await copied(context, actions, (root) => ['a/file', 'b', 'c', 'd'].map((path) => text(root, path))),
    ).toEqual(['r', 'r', 'r', 'r']);
  });

  test('one that leads out of the root leads nowhere', async () => {
    await expect(copied(context, [copy('evil', '/x')], () => {})).rejects.toHaveProperty(
      'code',
      'TREE_PATH_NOT_FOUND',
    );
    await expect(copied(context, [copy('evil/passwd', '/x')], () => {})).rejects.toHaveProperty(
      'code',
      'TREE_PATH_NOT_FOUND',
    );
  });

  test('inside a folder they are copied as they are', async () => {
    const links = await copied(context, [copy('sub', '/s')], (root) => [
      readlinkSync(join(root, 's/dangling')),
      readlinkSync(join(root, 's/up')),
    ]);
    expect(links).toEqual(['missing', '../outside-of-sub']);
  });

  test('matched by a wildcard they are followed', async () => {
    expect(
      await copied(context, [copy('to-f*', '/w/')], (root) => [
        text(root, 'w/file'),
        text(root, 'w/to-file'),
      ]),
    ).toEqual(['r', 'r']);
  });

  test('in the destination they are followed, never out of the root', async () => {
    const base = (root: string): void => {
      symlinkSync('/data', join(root, 'dangling'));
      symlinkSync('../../../../../../../../tmp', join(root, 'out'));
      symlinkSync('loop', join(root, 'loop'));
    };
    const before = readdirSync('/tmp').includes('img-escaped');
    const found = await copied(
      context,
      [copy('real', '/dangling'), copy('to-file', '/out/img-escaped')],
      (root) => [text(root, 'data/file'), text(root, 'tmp/img-escaped')],
      base,
    );
    expect(found).toEqual(['r', 'r']);
    expect(readdirSync('/tmp').includes('img-escaped')).toBe(before);
    await expect(copied(context, [copy('to-file', '/loop/x')], () => {}, base)).rejects.toHaveProperty(
      'code',
      'TREE_PATH_INVALID',
    );
  });

  test('one that is in the way of a copied entry is replaced', async () => {
    const found = await copied(
      context,
      [copy('real', '/to')],
      (root) => [lstatSync(join(root, 'to/file')).isFile(), text(root, 'kept')],
      (root) => {
        writeTree(root, { 'to/': '', kept: 'k' });
        symlinkSync('/kept', join(root, 'to/file'));
      },
    );
    expect(found).toEqual([true, 'k']);
  });

  test('a folder that is a link in the destination is not written through', async () => {
    const tree = hostTree({ 'src/nested/file': 'n' });
    await expect(
      copied(
        tree,
        [copy('src', '/to')],
        () => {},
        (root) => {
          writeTree(root, { 'to/': '', 'other/': '' });
          symlinkSync('/other', join(root, 'to/nested'));
        },
      ),
    ).rejects.toHaveProperty('code', 'FILE_COPY_CONFLICT');
  });
});
