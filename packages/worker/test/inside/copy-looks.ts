// SPDX-License-Identifier: MIT
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
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

function mode(root: string, path: string): number {
  return lstatSync(join(root, path)).mode & 0o7777;
}

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
