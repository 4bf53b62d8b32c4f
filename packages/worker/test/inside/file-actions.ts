// SPDX-License-Identifier: MIT
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type {
  FileAction,
  MakeDirectoryAction,
  MakeFileAction,
  MakeSymlinkAction,
  RemoveAction,
} from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  copy,
  createTestWorker,
  host,
  hostTree,
  oneId,
  quiet,
  type TestWorker,
  writeTree,
} from './fixture.ts';

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

const folder = (path: string, change: Partial<MakeDirectoryAction> = {}): FileAction => ({
  type: 'make-directory',
  path,
  mode: 0o755,
  makeParents: true,
  ...change,
});
const file = (path: string, data: string, change: Partial<MakeFileAction> = {}): FileAction => ({
  type: 'make-file',
  path,
  mode: 0o644,
  data: Buffer.from(data),
  ...change,
});
const link = (path: string, target: string, change: Partial<MakeSymlinkAction> = {}): FileAction => ({
  type: 'make-symlink',
  path,
  target,
  ...change,
});
const remove = (path: string, change: Partial<RemoveAction> = {}): FileAction => ({
  type: 'remove',
  path,
  allowNotFound: false,
  allowWildcard: true,
  ...change,
});
const conflict = { code: 'FILE_COPY_CONFLICT' };

describe('folders', () => {
  test('are made with their parents, mode and time; what exists stays', async () => {
    const found = await changed(
      [folder('/there/a/b', { mode: 0o2770, timestamp: 7n }), folder('/there')],
      (root) =>
        ['there', 'there/a', 'there/a/b']
          .map((path) => lstatSync(join(root, path)).mode & 0o7777)
          .concat(Number(lstatSync(join(root, 'there/a/b'), { bigint: true }).mtimeNs)),
      (root) => mkdirSync(join(root, 'there'), { mode: 0o700 }),
    );
    expect(found).toEqual([0o700, 0o2770, 0o2770, 7]);
  });

  test('are made where a symlink leads, inside the root', async () => {
    const found = await changed(
      [folder('/link/x')],
      (root) => existsSync(join(root, 'deep/er/x')),
      (root) => symlinkSync('../../deep/er', join(root, 'link')),
    );
    expect(found).toBe(true);
  });

  test('that cannot be made', async () => {
    await expect(changed([folder('/a/b', { makeParents: false })], () => {})).rejects.toHaveProperty(
      'code',
      'FILE_NOT_FOUND',
    );
    await expect(
      changed(
        [folder('/a', { makeParents: false })],
        () => {},
        (root) => mkdirSync(join(root, 'a')),
      ),
    ).rejects.toMatchObject(conflict);
    await expect(
      changed(
        [folder('/a')],
        () => {},
        (root) => writeTree(root, { a: '' }),
      ),
    ).rejects.toMatchObject(conflict);
    if (oneId)
      await expect(changed([folder('/a', { owner: { user: { id: 9 } } })], () => {})).rejects.toHaveProperty(
        'code',
        'FILE_OWNER_UNMAPPED',
      );
    else
      expect(
        await changed(
          [folder('/a', { owner: { user: { id: 9 } } })],
          (root) => lstatSync(join(root, 'a')).gid,
        ),
      ).toBe(9);
  });
});

describe('files', () => {
  test('are written with mode and time, also over others', async () => {
    const found = await changed(
      [file('/a', 'new', { mode: 0o600, timestamp: 5n })],
      (root) => [
        readFileSync(join(root, 'a'), 'utf8'),
        lstatSync(join(root, 'a')).mode & 0o7777,
        lstatSync(join(root, 'a'), { bigint: true }).mtimeNs,
      ],
      (root) => writeTree(root, { a: 'much longer' }),
    );
    expect(found).toEqual(['new', 0o600, 5n]);
  });

  test('follow a symlink inside the root and replace a fifo', async () => {
    const found = await changed(
      [file('/l', 'x'), file('/fifo', 'y')],
      (root) => [readFileSync(join(root, 'etc/made'), 'utf8'), readFileSync(join(root, 'fifo'), 'utf8')],
      (root) => {
        mkdirSync(join(root, 'etc'));
        symlinkSync('/etc/made', join(root, 'l'));
        host.makeNode(join(root, 'fifo'), 0o010644, 0, 0);
      },
    );
    expect(found).toEqual(['x', 'y']);
  });

  test('that cannot be written', async () => {
    await expect(changed([file('/none/a', '')], () => {})).rejects.toHaveProperty('code', 'FILE_NOT_FOUND');
    await expect(
      changed(
        [file('/a', '')],
        () => {},
        (root) => mkdirSync(join(root, 'a')),
      ),
    ).rejects.toMatchObject(conflict);
    await expect(changed([file('/a\0b', '')], () => {})).rejects.toHaveProperty('code', 'TREE_PATH_INVALID');
  });
});

test('symlinks are made, also over files and links, never over folders', async () => {
  const found = await changed(
    [link('/a', '/target', { timestamp: 3n }), link('/b', 'x')],
    (root) => [
      readlinkSync(join(root, 'a')),
      readlinkSync(join(root, 'b')),
      lstatSync(join(root, 'a'), { bigint: true }).mtimeNs,
    ],
    (root) => {
      writeTree(root, { a: 'file' });
      symlinkSync('elsewhere', join(root, 'b'));
    },
  );
  expect(found).toEqual(['/target', 'x', 3n]);
  await expect(
    changed(
      [link('/a', 'x')],
      () => {},
      (root) => mkdirSync(join(root, 'a')),
    ),
  ).rejects.toMatchObject(conflict);
});

describe('several actions', () => {
  test('make one snapshot, and what a later one does goes on from the one before', async () => {
    const before = (await worker.snapshotter.list()).length;
    const found = await changed(
      [folder('/a'), file('/a/f', '1'), link('/l', 'a/f'), remove('/a/f')],
      (root) => readdirSync(root).concat(readdirSync(join(root, 'a'))),
    );
    expect(found).toEqual(['a', 'l']);
    expect((await worker.snapshotter.list()).length).toBe(before + 2);
  });

  test('may have an output each', async () => {
    const steps = ['one', 'two'].map((name) => ({
      input: -1,
      secondary: -1,
      action: file(`/${name}`, name),
    }));
    await worker.methods.file(
      {
        inputs: [],
        steps,
        outputs: [
          { step: 0, name: 'first' },
          { step: 1, name: 'second' },
        ],
      },
      quiet(),
    );
    expect([
      await worker.look('first', (root) => readdirSync(root)),
      await worker.look('second', (root) => readdirSync(root)),
    ]).toEqual([['one'], ['two']]);
  });

  test('may copy from the result of an earlier one', async () => {
    const steps = [
      { input: -1, secondary: -1, action: file('/made', 'x') },
      { input: -1, secondary: 0, action: copy('made', '/copied') },
    ];
    await worker.methods.file({ inputs: [], steps, outputs: [{ step: 1, name: 'from-earlier' }] }, quiet());
    expect(await worker.look('from-earlier', (root) => readdirSync(root))).toEqual(['copied']);
  });

  test('keep nothing when one fails', async () => {
    const before = await worker.snapshotter.list();
    const steps = [
      { input: -1, secondary: -1, action: file('/made', 'x') },
      { input: 0, secondary: -1, action: remove('/none') },
    ];
    await expect(
      worker.methods.file({ inputs: [], steps, outputs: [{ step: 1, name: 'never' }] }, quiet()),
    ).rejects.toHaveProperty('code', 'FILE_NOT_FOUND');
    expect(await worker.snapshotter.list()).toEqual(before);
  });

  test.each([
    ['a host folder is changed', [hostTree({})], [{ input: 0, secondary: -1, action: file('/x', '') }]],
    [
      'an input is missing',
      [],
      [
        { input: -1, secondary: -1, action: copy('a', '/b') },
        { input: -1, secondary: 7, action: copy('a', '/b') },
      ],
    ],
  ])('are refused when %s', async (_name, inputs, steps) => {
    await expect(
      worker.methods.file({ inputs, steps, outputs: [{ step: 0, name: 'never' }] }, quiet()),
    ).rejects.toHaveProperty('code', expect.stringMatching(/^TREE_PATH_/));
  });

  test('an output name that is taken leaves nothing', async () => {
    await worker.commit('taken', () => {});
    await expect(
      worker.methods.file(
        {
          inputs: [],
          steps: [{ input: -1, secondary: -1, action: file('/x', '') }],
          outputs: [{ step: 0, name: 'taken' }],
        },
        quiet(),
      ),
    ).rejects.toHaveProperty('code', 'SNAPSHOT_EXISTS');
  });
});
