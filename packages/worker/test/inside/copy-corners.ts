// SPDX-License-Identifier: MIT
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CopyAction, HostCalls, HostTree } from '@img-build/interfaces';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { copyInto } from '../../src/file/copy-into.ts';
import { applyModeExpression } from '../../src/file/file-mode.ts';
import {
  copy,
  createTestWorker,
  host,
  hostTree,
  oneId,
  parent,
  type TestWorker,
  writeTree,
} from './fixture.ts';

let worker: TestWorker;
let bases = 0;
beforeAll(async () => {
  worker = await createTestWorker();
});

/** Copies onto a tree that `base` writes, and lets `look` see what came of it. */
async function copied<T>(
  context: HostTree,
  action: CopyAction,
  look: (root: string) => T,
  base: (root: string) => void = () => {},
): Promise<T> {
  const name = `base${bases++}`;
  await worker.commit(name, base);
  return await worker.look(await worker.file([action], [{ type: 'snapshot', name }, context]), look);
}

const names = (root: string): readonly string[] =>
  (readdirSync(root, { recursive: true }) as string[]).toSorted();
const mode = (root: string, path: string): number => lstatSync(join(root, path)).mode & 0o7777;

describe('what is there already', () => {
  const owners = (root: string): readonly number[] =>
    ['to', 'to/nested'].flatMap((path) => [lstatSync(join(root, path)).uid, lstatSync(join(root, path)).gid]);

  test('keeps its owner as destination; a folder below it takes the one of the copy', async () => {
    const [uid, gid] = oneId ? [0, 0] : [12, 34];
    const base = (root: string): void => {
      writeTree(root, { 'to/nested/': '' });
      for (const path of ['to', 'to/nested']) chownSync(join(root, path), uid, gid);
    };
    const tree = hostTree({ 'src/nested/file': 'f' });
    expect(await copied(tree, copy('src', '/to'), owners, base)).toEqual([uid, gid, 0, 0]);
  });

  test('is written to where a link that is the destination leads', async () => {
    const found = await copied(
      hostTree({ a: 'new' }),
      copy('a', '/link'),
      (root) => [lstatSync(join(root, 'link')).isSymbolicLink(), readFileSync(join(root, 'real'), 'utf8')],
      (root) => {
        writeTree(root, { real: 'old' });
        symlinkSync('/real', join(root, 'link'));
      },
    );
    expect(found).toEqual([true, 'new']);
  });
});

describe('a wildcard', () => {
  const tree = hostTree({
    'a.md': '',
    'b.md': '',
    'c.md': '',
    'one/d.md': '',
    'one/two/d.md': '',
    'one/x.txt': '',
    'other/d.md': '',
    'other/y.txt': '',
  });

  test.each([
    ['[ab].md', ['a.md', 'b.md']],
    ['[^ab].md', ['c.md']],
    // Two stars are two times one star: they stay in their component.
    ['**/d.md', ['d.md']],
    ['**.md', ['a.md', 'b.md', 'c.md']],
    // What is in a folder that was matched is not matched again.
    ['one*', ['d.md', 'two', 'two/d.md', 'x.txt']],
  ])('%s', async (source, expected) => {
    expect(await copied(tree, copy(source, '/w/'), (root) => names(join(root, 'w')))).toEqual(expected);
  });

  test('that matches folders excludes what is in each of them', async () => {
    const action = copy('o*', '/w/', { excludePatterns: ['d.md'] });
    expect(await copied(tree, action, (root) => names(join(root, 'w')))).toEqual([
      'two',
      'two/d.md',
      'x.txt',
      'y.txt',
    ]);
  });
});

describe('--parents', () => {
  const tree = hostTree({ 'a/b/c.txt': 'c', 'a/b/other': '', 'a/d/e.txt': 'e' });
  chmodSync(join(tree.path, 'a'), 0o711);
  chmodSync(join(tree.path, 'a/b'), 0o2750);
  for (const path of ['a/b', 'a']) utimesSync(join(tree.path, path), 1_000_000_000, 1_000_000_000);
  const parents = (include: string): CopyAction => copy('/', '/x/', { includePatterns: [include] });

  test('folders above what is copied look like those of the source', async () => {
    const found = await copied(tree, parents('a/b/c.txt'), (root) => ({
      names: names(join(root, 'x')),
      modes: ['x', 'x/a', 'x/a/b'].map((path) => mode(root, path)),
      times: ['x/a', 'x/a/b'].map((path) => lstatSync(join(root, path)).mtimeMs),
    }));
    expect(found).toEqual({
      names: ['a', 'a/b', 'a/b/c.txt'],
      modes: [0o755, 0o711, 0o2750],
      times: [1e12, 1e12],
    });
  });

  test('two stars go through folders; what matches nothing is fine unless it has to be there', async () => {
    expect(await copied(tree, parents('**/*.txt'), (root) => names(join(root, 'x')))).toEqual([
      'a',
      'a/b',
      'a/b/c.txt',
      'a/d',
      'a/d/e.txt',
    ]);
    expect(await copied(tree, parents('a/*/none'), (root) => names(join(root, 'x')))).toEqual([]);
    const missing = { ...parents('a/none'), requiredPaths: ['/a/none'] };
    await expect(copied(tree, missing, () => {})).rejects.toMatchObject({
      code: 'TREE_PATH_NOT_FOUND',
      message: expect.stringContaining('a/none'),
    });
  });
});

describe('modes', () => {
  test('a symbolic one is not that of folders made for the copy', async () => {
    const tree = hostTree({ 'd/sub/file': '' });
    const action = copy('d', '/p/to', { modeExpression: 'u=rwx,go=' });
    expect(
      await copied(tree, action, (root) =>
        ['p', 'p/to', 'p/to/sub', 'p/to/sub/file'].map((path) => mode(root, path)),
      ),
    ).toEqual([0o755, 0o755, 0o700, 0o700]);
  });

  test.each([
    ['+x', 0o640, 0o751],
    ['a+X', 0o640, 0o640],
    ['a+X', 0o740, 0o751],
    ['g=u', 0o640, 0o660],
    ['go-rwx', 0o777, 0o700],
    ['u=rwX,go=rX', 0o700, 0o755],
    ['u+s,g+s,+t', 0o755, 0o7755],
    ['u=rw', 0o4755, 0o655],
  ])('%s makes of a file of %d one of %d', (expression, before, after) => {
    expect(applyModeExpression(expression, before, false)).toBe(after);
  });

  test.each(['', 'x', 'u', 'u=q', '+x,', '755', 'u=rwx;'])('%j is none', (expression) => {
    expect(() => applyModeExpression(expression, 0o644, false)).toThrow(
      expect.objectContaining({ code: 'FILE_MODE_INVALID' }),
    );
  });
});

describe('kinds of files', () => {
  async function copyAs(calls: Partial<HostCalls>, root: string, source: string): Promise<string> {
    const target = mkdtempSync(join(parent, 'to'));
    const tree: HostTree = { type: 'host', path: root, rootOwned: true };
    await copyInto(
      {
        host: { ...host, ...calls },
        extractArchive: () => Promise.resolve(false),
        source: { tree, root },
        root: target,
        action: copy(source, '/x'),
        owner: undefined,
      },
      {},
    );
    return target;
  }

  test('an attribute that cannot be set is left out, any other failure is one', async () => {
    const { path } = hostTree({ file: 'text' });
    host.setXattr(join(path, 'file'), 'user.note', Buffer.from('note'));
    const refuse = (code: string) => ({
      setXattr: (): never => {
        throw Object.assign(new Error(code), { code });
      },
    });
    for (const code of ['EPERM', 'ENOTSUP'])
      expect(readFileSync(join(await copyAs(refuse(code), path, 'file'), 'x'), 'utf8')).toBe('text');
    await expect(copyAs(refuse('ENOSPC'), path, 'file')).rejects.toHaveProperty('code', 'ENOSPC');
  });

  test('a device stays the device it is', async () => {
    const made: (number | string)[] = [];
    await copyAs(
      {
        // Making one takes rights that few have.
        makeNode(path, type, major, minor) {
          made.push(type & 0o170000, major, minor);
          writeFileSync(path, '');
        },
      },
      '/dev',
      'null',
    );
    expect(made).toEqual([0o020000, 1, 3]);
  });

  test('only files are unpacked: a folder that is called like an archive is copied', async () => {
    const tree = hostTree({ 'x.tar/file': 'f' });
    mkdirSync(join(tree.path, 'x.tar/sub'));
    const action = copy('x.tar', '/to/', { unpackArchive: true });
    expect(await copied(tree, action, (root) => names(join(root, 'to')))).toEqual(['file', 'sub']);
  });
});
