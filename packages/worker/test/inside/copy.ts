// SPDX-License-Identifier: MIT
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { CopyAction, HostTree } from '@img-build/interfaces';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { copy, createTestWorker, host, hostTree, oneId, type TestWorker, writeTree } from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
});

const EMPTY = { type: 'empty' } as const;
const EPOCH = new Date(1_000_000_000_000);

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
    expect(names.sort()).toEqual(['deep', 'deep/er', 'in']);
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
    return tree;
  }

  test('one made for the copy is 0755, nested ones look like their source', async () => {
    const modes = await copied(context(), [copy('src', '/a/b')], (root) => [
      mode(root, 'a'),
      mode(root, 'a/b'),
      mode(root, 'a/b/nested'),
      lstatSync(join(root, 'a/b/nested')).mtime.getTime(),
    ]);
    expect(modes).toEqual([0o755, 0o755, 0o750, EPOCH.getTime()]);
  });

  test('one that exists keeps mode, owner and time; nested ones take those of the source', async () => {
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
    expect(found).toEqual({ there: 0o711, time: EPOCH.getTime(), nested: 0o750, names: ['file', 'old'] });
  });

  test('a file keeps the time of the folder it is put in', async () => {
    const time = await copied(
      context(),
      [copy('src/plain', '/there/')],
      (root) => lstatSync(join(root, 'there')).mtime.getTime(),
      (root) => {
        mkdirSync(join(root, 'there'));
        utimesSync(join(root, 'there'), EPOCH, EPOCH);
      },
    );
    expect(time).toBe(EPOCH.getTime());
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

describe('wildcards', () => {
  const context = hostTree({
    'a.md': 'a',
    'b.md': 'b',
    'c.txt': 'c',
    'docs/d.md': 'd',
    'odd[x]': 'o',
    'docs2/e.md': 'e',
  });

  test.each([
    ['*.md', ['a.md', 'b.md']],
    ['docs*', ['d.md', 'e.md']],
    ['*/d.md', ['d.md']],
    ['odd[[]x]', ['odd[x]']],
    ['odd\\[x\\]', ['odd[x]']],
    ['?.txt', ['c.txt']],
  ])('%s', async (source, names) => {
    expect(await copied(context, [copy(source, '/w/')], (root) => readdirSync(join(root, 'w')))).toEqual(
      names,
    );
  });

  test('matching nothing is fine, a name that is missing is not', async () => {
    expect(await copied(context, [copy('*.none', '/w/')], (root) => readdirSync(root))).toEqual([]);
    await expect(copied(context, [copy('none', '/w/')], () => {})).rejects.toHaveProperty(
      'code',
      'TREE_PATH_NOT_FOUND',
    );
    await expect(
      copied(context, [copy('*.none', '/w/', { allowEmptyWildcard: false })], () => {}),
    ).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
    await expect(
      copied(context, [copy('*', '/w/', { requiredPaths: ['none'] })], () => {}),
    ).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
  });

  test('exclude and include patterns are relative to what is copied', async () => {
    const tree = hostTree({
      'src/a.md': '',
      'src/b.txt': '',
      'src/sub/c.md': '',
      'src/sub/keep.md': '',
      'src/gone/d.md': '',
    });
    const names = (change: Partial<CopyAction>): Promise<readonly string[]> =>
      copied(tree, [copy('src', '/to', change)], (root) =>
        (readdirSync(join(root, 'to'), { recursive: true }) as string[]).sort(),
      );
    expect(await names({ excludePatterns: ['**/*.md', '!**/keep.md'] })).toEqual([
      'b.txt',
      'gone',
      'sub',
      'sub/keep.md',
    ]);
    expect(await names({ includePatterns: ['sub/*.md'] })).toEqual(['sub', 'sub/c.md', 'sub/keep.md']);
  });
});

describe('looks', () => {
  const context = hostTree({ 'd/file': 'f', 'd/run': 'r' });
  chmodSync(join(context.path, 'd/run'), 0o4755);
  chmodSync(join(context.path, 'd/file'), 0o640);
  symlinkSync('file', join(context.path, 'd/link'));
  utimesSync(join(context.path, 'd/file'), EPOCH, EPOCH);

  test('mode and time are the source’s, also special bits', async () => {
    const found = await copied(context, [copy('d', '/to')], (root) => [
      mode(root, 'to/file'),
      mode(root, 'to/run'),
      lstatSync(join(root, 'to/file')).mtime.getTime(),
    ]);
    expect(found).toEqual([0o640, 0o4755, EPOCH.getTime()]);
  });

  test('an octal mode is for all that is copied or made but links', async () => {
    const found = await copied(context, [copy('d', '/p/to', { mode: 0o700 })], (root) => [
      mode(root, 'p'),
      mode(root, 'p/to'),
      mode(root, 'p/to/file'),
      mode(root, 'p/to/link'),
    ]);
    expect(found).toEqual([0o700, 0o700, 0o700, 0o777]);
  });

  test('a symbolic mode changes what is copied, not the parents', async () => {
    const found = await copied(context, [copy('d', '/p/to', { modeExpression: 'u=rwX,go=rX' })], (root) => [
      mode(root, 'p/to'),
      mode(root, 'p/to/file'),
      mode(root, 'p/to/run'),
    ]);
    expect(found).toEqual([0o755, 0o644, 0o755]);
    await expect(
      copied(context, [copy('d', '/to', { modeExpression: 'u=q' })], () => {}),
    ).rejects.toHaveProperty('code', 'FILE_MODE_INVALID');
  });

  test('a time that is asked for', async () => {
    const found = await copied(context, [copy('d', '/to', { timestamp: 5_000_000_007n })], (root) =>
      ['to', 'to/file', 'to/link'].map((path) => lstatSync(join(root, path), { bigint: true }).mtimeNs),
    );
    expect(found).toEqual([5_000_000_007n, 5_000_000_007n, 5_000_000_007n]);
  });

  test('hard links stay hard links, attributes and fifos are kept, sockets become empty files', async () => {
    const tree = hostTree({ 'd/one': 'same', 'd/with': 'x' });
    linkSync(join(tree.path, 'd/one'), join(tree.path, 'd/two'));
    host.setXattr(join(tree.path, 'd/with'), 'user.note', Buffer.from('kept'));
    host.makeNode(join(tree.path, 'd/fifo'), 0o010640, 0, 0);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(tree.path, 'd/sock'), resolve));
    const found = await copied(tree, [copy('d', '/to')], (root) => ({
      links: statSync(join(root, 'to/one')).nlink,
      note: Buffer.from(host.getXattr(join(root, 'to/with'), 'user.note') ?? []).toString(),
      fifo: lstatSync(join(root, 'to/fifo')).isFIFO() && mode(root, 'to/fifo'),
      socket: lstatSync(join(root, 'to/sock')).isFile(),
    }));
    await new Promise((resolve) => server.close(resolve));
    expect(found).toEqual({ links: 2, note: 'kept', fifo: 0o640, socket: true });
  });

  test('names that are no UTF-8 and files of every size arrive', async () => {
    const tree = hostTree({});
    const raw = Buffer.from([0x66, 0xff]);
    writeFileSync(Buffer.concat([Buffer.from(`${tree.path}/`), raw]), 'raw');
    const sizes = [0, 1, 262_143, 262_144, 262_145, 3_000_000];
    for (const size of sizes) writeFileSync(join(tree.path, `s${size}`), Buffer.alloc(size, size % 251));
    const found = await copied(tree, [copy('/', '/')], (root) => [
      readFileSync(Buffer.concat([Buffer.from(`${root}/`), raw]), 'utf8'),
      ...sizes.map((size) => readFileSync(join(root, `s${size}`)).equals(Buffer.alloc(size, size % 251))),
    ]);
    expect(found).toEqual(['raw', ...sizes.map(() => true)]);
  });
});

describe('owners', () => {
  const context = hostTree({ 'd/file': 'f' });
  const accounts = (root: string): void =>
    writeTree(root, { 'etc/passwd': 'app:x:0:7::/:\n', 'etc/group': 'staff:x:0:\n' });
  const owned = (owner: CopyAction['owner'], base?: (root: string) => void): Promise<readonly number[]> =>
    copied(
      context,
      [copy('d', '/p/to', { owner })],
      (root) =>
        ['p', 'p/to', 'p/to/file'].flatMap((path) => [
          lstatSync(join(root, path)).uid,
          lstatSync(join(root, path)).gid,
        ]),
      base,
    );

  test('files of the context belong to root, those of a stage to their owner', async () => {
    const tree = hostTree({ file: '' });
    if (!oneId) chownSync(join(tree.path, 'file'), 1234, 2345);
    expect(await copied(tree, [copy('file', '/x')], (root) => lstatSync(join(root, 'x')).uid)).toBe(0);
    const [uid, gid] = oneId ? [0, 0] : [1234, 2345];
    const kept = await copied({ ...tree, rootOwned: false }, [copy('file', '/x')], (root) => [
      lstatSync(join(root, 'x')).uid,
      lstatSync(join(root, 'x')).gid,
    ]);
    expect(kept).toEqual([uid, gid]);
  });

  test('numbers are taken as they are; a user without a group gives it its number', async () => {
    const wanted = { user: { id: 1500 } };
    if (oneId) await expect(owned(wanted)).rejects.toHaveProperty('code', 'FILE_OWNER_UNMAPPED');
    else expect(await owned(wanted)).toEqual([1500, 1500, 1500, 1500, 1500, 1500]);
    expect(await owned({ user: { id: 0 }, group: { id: 0 } })).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('names are looked up in the changed tree', async () => {
    const withGroup = await owned(
      { user: { name: 'app', input: 0 }, group: { name: 'staff', input: 0 } },
      accounts,
    );
    expect(withGroup).toEqual([0, 0, 0, 0, 0, 0]);
    const own = owned({ user: { name: 'app', input: 0 } }, accounts);
    if (oneId) await expect(own).rejects.toHaveProperty('code', 'FILE_OWNER_UNMAPPED');
    else expect(await own).toEqual([0, 7, 0, 7, 0, 7]);
  });

  test('an unknown name stands for root where there are accounts, and is an error where there are none', async () => {
    expect(await owned({ user: { name: 'nobody-knows', input: 0 } }, accounts)).toEqual([0, 0, 0, 0, 0, 0]);
    await expect(owned({ user: { name: 'app', input: 0 } })).rejects.toHaveProperty(
      'code',
      'FILE_OWNER_UNKNOWN',
    );
    await expect(owned({ user: { name: 'app', input: -1 } }, accounts)).rejects.toHaveProperty(
      'code',
      'FILE_OWNER_UNKNOWN',
    );
  });

  test('a passwd file that is a fifo is no passwd file', async () => {
    const base = (root: string): void => {
      mkdirSync(join(root, 'etc'));
      host.makeNode(join(root, 'etc/passwd'), 0o010644, 0, 0);
    };
    await expect(owned({ user: { name: 'app', input: 0 } }, base)).rejects.toHaveProperty(
      'code',
      'TREE_PATH_INVALID',
    );
  });
});

test('an abort leaves nothing', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  controller.abort(reason);
  const tree = hostTree({ a: '' });
  await expect(worker.file([copy('a', '/a')], [EMPTY, tree], { signal: controller.signal })).rejects.toBe(
    reason,
  );
  const later = new AbortController();
  const many = hostTree(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`d/f${index}`, 'x'])));
  const running = worker.file([copy('d', '/a')], [EMPTY, many], { signal: later.signal });
  setImmediate(() => later.abort(reason));
  await expect(running).rejects.toBe(reason);
  expect(await worker.leftovers()).toEqual([]);
});
