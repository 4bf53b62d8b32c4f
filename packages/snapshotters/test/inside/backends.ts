// SPDX-License-Identifier: MIT
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createMemorySnapshotBook } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { chooseBackend, createOverlaySnapshotter, removeTree } from '../../src/index.ts';
import { commitTree, createBackend, host, mountAt, parent } from './fixture.ts';

const RAW = Buffer.from([0x66, 0xff, 0xfe]);

function below(path: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${path}/`), name]);
}

/** A second owner where there is one: a namespace of one id has none. */
function secondOwner(): number {
  const probe = mkdtempSync(join(parent, 'owner'));
  try {
    chownSync(probe, 1000, 1000);
    return 1000;
  } catch {
    return 0;
  } finally {
    rmdirSync(probe);
  }
}

function makeAwkwardTree(path: string): void {
  mkdirSync(join(path, 'closed/deep'), { recursive: true });
  writeFileSync(join(path, 'closed/deep/set-id'), 'x'.repeat(5000));
  linkSync(join(path, 'closed/deep/set-id'), join(path, 'hard'));
  chownSync(join(path, 'hard'), secondOwner(), secondOwner());
  chmodSync(join(path, 'hard'), 0o4751);
  symlinkSync('../../outside', join(path, 'soft'));
  writeFileSync(below(path, RAW), 'raw');
  writeFileSync(join(path, 'big'), Buffer.alloc(5 * 1024 * 1024, 7));
  host.makeNode(join(path, 'fifo'), 0o010640, 0, 0);
  host.setXattr(join(path, 'big'), 'user.note', Buffer.from('hello'));
  host.setTimes(
    join(path, 'soft'),
    { seconds: 1n, nanoseconds: 1 },
    { seconds: -3n, nanoseconds: 999_999_999 },
  );
  host.setTimes(
    join(path, 'closed'),
    { seconds: 1n, nanoseconds: 1 },
    { seconds: 5n, nanoseconds: 123_456_789 },
  );
  chmodSync(join(path, 'closed'), 0o2700);
}

describe.each(['native', 'overlayfs'] as const)('%s', (backend) => {
  test('keeps owners, modes, links, times, attributes and raw names', async () => {
    const { snapshotter } = await createBackend(backend);
    await commitTree(snapshotter, 'base', makeAwkwardTree);
    const { path, close } = mountAt(await snapshotter.prepare('key', 'base'));

    const hard = lstatSync(join(path, 'hard'), { bigint: true });
    expect(hard).toMatchObject({ mode: 0o104751n, uid: BigInt(secondOwner()), nlink: 2n });
    expect(lstatSync(join(path, 'closed/deep/set-id'), { bigint: true }).ino).toBe(hard.ino);
    expect(readlinkSync(join(path, 'soft'))).toBe('../../outside');
    expect(lstatSync(join(path, 'soft'), { bigint: true }).mtimeNs).toBe(-2_000_000_001n);
    expect(lstatSync(join(path, 'closed'), { bigint: true })).toMatchObject({
      mode: 0o042700n,
      mtimeNs: 5_123_456_789n,
    });
    expect(lstatSync(below(path, RAW)).size).toBe(3);
    expect(lstatSync(join(path, 'fifo')).isFIFO()).toBe(true);
    expect(Buffer.from(host.getXattr(join(path, 'big'), 'user.note') ?? []).toString()).toBe('hello');
    expect(statSync(join(path, 'big')).size).toBe(5 * 1024 * 1024);
    await close();
  });

  test('shows the root folder as the parent has it', async () => {
    const { snapshotter } = await createBackend(backend);
    await commitTree(snapshotter, 'base', (path) => {
      chmodSync(path, 0o1711);
      host.setTimes(path, { seconds: 7n, nanoseconds: 7 }, { seconds: 8n, nanoseconds: 8 });
    });
    const { path, close } = mountAt(await snapshotter.prepare('key', 'base'));
    expect(lstatSync(path, { bigint: true })).toMatchObject({ mode: 0o041711n, mtimeNs: 8_000_000_008n });
    await close();
  });

  test('hides what a replaced folder had', async () => {
    const { snapshotter } = await createBackend(backend);
    await commitTree(snapshotter, 'base', (path) => {
      mkdirSync(join(path, 'folder'));
      writeFileSync(join(path, 'folder/old'), '');
    });
    await commitTree(
      snapshotter,
      'top',
      (path) => {
        rmSync(join(path, 'folder'), { recursive: true });
        mkdirSync(join(path, 'folder'));
        writeFileSync(join(path, 'folder/new'), '');
      },
      'base',
    );
    const { path, close } = mountAt(await snapshotter.prepare('key', 'top'));
    expect(readdirSync(join(path, 'folder'))).toEqual(['new']);
    await close();
  });

  test('removes folders and sweeps what has no row', async () => {
    const { snapshotter, root } = await createBackend(backend);
    await commitTree(snapshotter, 'base', makeAwkwardTree);
    await snapshotter.prepare('key', 'base');
    mkdirSync(join(root, backend, '77/fs/closed'), { recursive: true });
    chmodSync(join(root, backend, '77/fs/closed'), 0);
    writeFileSync(below(join(root, backend, '77'), RAW), '');

    expect(await snapshotter.sweep()).toBe(1);
    expect(readdirSync(join(root, backend))).toHaveLength(2);
    await snapshotter.remove('key');
    await snapshotter.remove('base');
    expect(readdirSync(join(root, backend))).toEqual([]);
  });

  test('takes back a snapshot that could not be made', async () => {
    const { snapshotter, root } = await createBackend(backend);
    await commitTree(snapshotter, 'base', (path) => writeFileSync(join(path, 'file'), ''));
    rmSync(join(root, backend), { recursive: true });
    await expect(snapshotter.prepare('key', 'base')).rejects.toHaveProperty('code', 'ENOENT');
    expect(await snapshotter.stat('key')).toBeUndefined();
    expect(readdirSync(join(root, backend))).toEqual([]);
    await expect(snapshotter.mounts('base')).rejects.toHaveProperty('code', 'SNAPSHOT_NOT_FOUND');
  });
});

test('an abort while a native snapshot is copied leaves nothing', async () => {
  const { snapshotter, root } = await createBackend('native');
  await commitTree(snapshotter, 'base', makeAwkwardTree);
  const controller = new AbortController();
  const reason = new Error('enough');
  const preparing = snapshotter.prepare('key', 'base', { signal: controller.signal });
  controller.abort(reason);
  await expect(preparing).rejects.toBe(reason);
  expect(await snapshotter.stat('key')).toBeUndefined();
  expect(readdirSync(join(root, 'native'))).toHaveLength(1);
});

test('hundreds of layers can be mounted', async () => {
  const { snapshotter } = await createBackend('overlayfs');
  for (let index = 0; index < 300; index++) {
    const key = `k${index}`;
    await snapshotter.prepare(key, index === 0 ? undefined : `n${index - 1}`);
    await snapshotter.commit(`n${index}`, key);
  }
  const { path, close } = mountAt(await snapshotter.prepare('key', 'n299'));
  writeFileSync(join(path, 'file'), '');
  await close();
  expect(readdirSync(path)).toEqual([]);
});

describe('the choice of a backend', () => {
  test('is overlayfs where it works, and leaves nothing behind', async () => {
    const root = mkdtempSync(join(parent, 'choice'));
    expect(await chooseBackend({ root, host, wanted: 'auto' })).toMatchObject({ backend: 'overlayfs' });
    expect(await chooseBackend({ root: join(root, 'new/folder'), host, wanted: 'native' })).toEqual({
      backend: 'native',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  test('is native where overlayfs does not work, or an error', async () => {
    const { snapshotter } = await createBackend('overlayfs');
    await commitTree(snapshotter, 'base', () => {});
    const { path: root, close } = mountAt(await snapshotter.prepare('key', 'base'));
    const chosen = await chooseBackend({ root, host, wanted: 'auto' });
    expect(chosen).toEqual({ backend: 'native', reason: expect.stringContaining('EINVAL') });
    await expect(chooseBackend({ root, host, wanted: 'overlayfs' })).rejects.toMatchObject({
      code: 'SNAPSHOT_BACKEND_UNAVAILABLE',
      hint: expect.any(String),
    });
    expect(readdirSync(root)).toEqual([]);
    await close();
  });

  test('fits the snapshotter it is for', async () => {
    const root = mkdtempSync(join(parent, 'fits'));
    const chosen = await chooseBackend({ root, host, wanted: 'overlayfs' });
    const snapshotter = createOverlaySnapshotter({
      root,
      book: createMemorySnapshotBook(),
      host,
      userxattr: chosen.backend === 'overlayfs' && chosen.userxattr,
    });
    expect(snapshotter.backend).toBe(chosen.backend);
  });
});

test('removing a tree does not follow symlinks', async () => {
  const folder = mkdtempSync(join(parent, 'links'));
  mkdirSync(join(folder, 'kept'));
  writeFileSync(join(folder, 'kept/file'), '');
  mkdirSync(join(folder, 'gone'));
  symlinkSync('../kept', join(folder, 'gone/link'));
  symlinkSync('kept', join(folder, 'link'));
  await removeTree(join(folder, 'gone'));
  await removeTree(join(folder, 'link'));
  await removeTree(join(folder, 'nothing'));
  expect(readdirSync(folder)).toEqual(['kept']);
  expect(existsSync(join(folder, 'kept/file'))).toBe(true);
});

test('several may remove the same tree at once', async () => {
  const folder = mkdtempSync(join(parent, 'together'));
  for (const name of ['a/b/c', 'a/d', 'e/f']) {
    mkdirSync(join(folder, 'tree', name), { recursive: true });
    for (let file = 0; file < 20; file++) writeFileSync(join(folder, 'tree', name, String(file)), '');
  }
  await Promise.all([1, 2, 3].map(() => removeTree(join(folder, 'tree'))));
  expect(readdirSync(folder)).toEqual([]);
});
