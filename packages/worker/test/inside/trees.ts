// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocks } from '@img-build/host';
import type { Layer, Tree } from '@img-build/interfaces';
import { createMemorySnapshotter } from '@img-build/testkit';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createActiveKeys } from '../../src/active-keys.ts';
import { removeSnapshots } from '../../src/snapshot-removal.ts';
import { createUnpack } from '../../src/snapshot-unpacking.ts';
import {
  copy,
  createTestWorker,
  host,
  hostTree,
  parent,
  quiet,
  shell,
  type TestWorker,
  writeBusybox,
  writeTree,
} from './fixture.ts';

describe.each(['overlayfs', 'native'] as const)('%s', (backend) => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await createTestWorker(backend);
    await worker.commit('base', (root) => writeTree(root, { 'etc/passwd': 'root', 'gone/file': 'g' }));
    await worker.commit(
      'top',
      (root) => {
        writeTree(root, { 'etc/new': 'n' });
        rmSync(join(root, 'gone'), { recursive: true });
      },
      'base',
    );
  });
  afterEach(async () => {
    expect(await worker.leftovers()).toEqual([]);
  });
  const names = (root: string): readonly string[] =>
    (readdirSync(root, { recursive: true }) as string[]).sort();
  const top: Tree = { type: 'snapshot', name: 'top' };

  test('names itself', async () => {
    expect(await worker.methods.backend(undefined, quiet())).toBe(backend);
  });

  test('layers made of a chain make the same chain again', async () => {
    const layers: Layer[] = [];
    for (const name of ['base', 'top'])
      layers.push(await worker.methods.diff({ name, options: {} }, quiet()));
    const again = await Promise.all(
      layers.map(({ descriptor, diffId }, index) =>
        worker.methods.unpack(
          { name: `again${index}`, parent: index === 0 ? undefined : 'again0', layer: descriptor, diffId },
          quiet(),
        ),
      ),
    );
    expect(again).toHaveLength(2);
    expect(await worker.look('again1', names)).toEqual(['etc', 'etc/new', 'etc/passwd']);
    const [first] = layers;
    expect((await worker.methods.diff({ name: 'again0', options: {} }, quiet())).diffId).toBe(first?.diffId);
  });

  test('a layer that is not what it says is not kept', async () => {
    const { descriptor } = await worker.methods.diff({ name: 'base', options: {} }, quiet());
    const { diffId } = await worker.methods.diff({ name: 'top', options: {} }, quiet());
    await expect(
      worker.methods.unpack({ name: 'wrong', layer: descriptor, diffId }, quiet()),
    ).rejects.toHaveProperty('code', 'LAYER_DIFF_ID_MISMATCH');
    expect(await worker.snapshotter.stat('wrong')).toBeUndefined();
  });

  test('there is no layer of a snapshot that is not there', async () => {
    await expect(worker.methods.diff({ name: 'none', options: {} }, quiet())).rejects.toHaveProperty(
      'code',
      'TREE_PATH_NOT_FOUND',
    );
  });

  test('a host folder becomes a snapshot', async () => {
    const tree = hostTree({ 'a/b': 'b', hidden: 'h' }, { exclude: ['hidden'] });
    await worker.methods.materialize({ name: `made-${backend}`, tree }, quiet());
    expect(await worker.look(`made-${backend}`, names)).toEqual(['a', 'a/b']);
    await expect(
      worker.methods.materialize(
        { name: 'never', tree: { type: 'host', path: join(parent, 'none'), rootOwned: true } },
        quiet(),
      ),
    ).rejects.toHaveProperty('code');
    expect(await worker.snapshotter.stat('never')).toBeUndefined();
  });

  test('content is hashed alike wherever it is', async () => {
    const selectors = [{ path: '/a' }, { path: '/a/*', wildcard: true }];
    const tree = hostTree({ 'a/one': '1', 'a/two': '2' });
    await worker.methods.materialize({ name: 'hashed', tree }, quiet());
    const sums = await worker.methods.checksum(
      { tree: { type: 'snapshot', name: 'hashed' }, selectors },
      quiet(),
    );
    expect(sums).toEqual(await worker.methods.checksum({ tree, selectors }, quiet()));
    writeFileSync(join(tree.path, 'a/one'), 'changed');
    expect((await worker.methods.checksum({ tree, selectors }, quiet()))[0]).not.toBe(sums[0]);
    await expect(
      worker.methods.checksum({ tree, selectors: [{ path: '/none' }] }, quiet()),
    ).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
  });

  test('a file is read inside its tree', async () => {
    await worker.commit(
      'links',
      (root) => {
        symlinkSync('../../../../etc/passwd', join(root, 'up'));
        host.makeNode(join(root, 'fifo'), 0o010644, 0, 0);
        mkdirSync(join(root, 'folder'));
      },
      'base',
    );
    const read = async (path: string, limit = 100): Promise<string> =>
      Buffer.from(
        await worker.methods.readFile({ tree: { type: 'snapshot', name: 'links' }, path, limit }, quiet()),
      ).toString();
    expect(await read('/etc/passwd')).toBe('root');
    expect(await read('up', 4)).toBe('root');
    await expect(read('up', 3)).rejects.toHaveProperty('code', 'TREE_FILE_TOO_LARGE');
    await expect(read('none')).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
    for (const path of ['fifo', 'folder'])
      await expect(read(path)).rejects.toHaveProperty('code', 'TREE_PATH_INVALID');
  });

  test('a tree is exported as a tar, also when the reader stops', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of worker.methods.exportTar({ tree: top, epoch: 5 }, quiet())) chunks.push(chunk);
    expect(Buffer.concat(chunks).includes('etc/new')).toBe(true);
    for await (const chunk of worker.methods.exportTar({ tree: top }, quiet())) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    for await (const chunk of worker.methods.exportTar({ tree: { type: 'empty' } }, quiet()))
      expect(chunk.every((byte) => byte === 0)).toBe(true);
  });

  test('usage and removal', async () => {
    await worker.commit('rm-base', (root) => writeTree(root, { file: 'x'.repeat(10_000) }));
    await worker.commit('rm-top', () => {}, 'rm-base');
    expect((await worker.methods.usage('rm-base', quiet())).size).toBeGreaterThanOrEqual(10_000);
    await worker.commit('rm-kept', () => {}, 'rm-base');
    expect(await worker.methods.remove(['rm-base', 'none', 'rm-top'], quiet())).toEqual(['rm-top']);
    expect(await worker.methods.remove(['rm-base', 'rm-kept'], quiet())).toEqual(['rm-kept', 'rm-base']);
  });

  test('copies and commands work on it', async () => {
    await worker.commit('shell', writeBusybox);
    const copied = await worker.file(
      [copy('a', '/a')],
      [{ type: 'snapshot', name: 'shell' }, hostTree({ a: 'text' })],
    );
    const output = `ran-${backend}`;
    expect(await worker.exec(shell('cat /a; rm /a; echo x > /b', copied, { output }))).toMatchObject({
      exitCode: 0,
      stdout: 'text',
    });
    expect(
      await worker.look(output, (root) => [existsSync(join(root, 'a')), existsSync(join(root, 'b'))]),
    ).toEqual([false, true]);
    expect(await worker.look(copied, (root) => existsSync(join(root, 'a')))).toBe(true);
  });
});

describe('unfinished work', () => {
  const newLocks = (): ReturnType<typeof createLocks> =>
    createLocks({ directory: mkdtempSync(join(parent, 'locks')), host });

  test('of a worker that is gone is removed, that of a living one stays', async () => {
    const [snapshotter, locks] = [createMemorySnapshotter(), newLocks()];
    const living = await createActiveKeys(snapshotter, locks);
    for (const key of [living.next(), 'work-1-0', 'work-1-1', 'work-17-3', 'cache-mount-x', 'work-odd'])
      await snapshotter.prepare(key);
    const second = await createActiveKeys(snapshotter, locks);
    expect((await snapshotter.list()).map(({ key }) => key).sort()).toEqual([
      'cache-mount-x',
      'work-0-0',
      'work-odd',
    ]);
    expect([living.next(), second.next(), second.next()]).toEqual(['work-0-1', 'work-1-0', 'work-1-1']);
  });

  test('on a layer is done once, and shared by whoever asks', async () => {
    const snapshotter = createMemorySnapshotter();
    const keys = await createActiveKeys(snapshotter, newLocks());
    const applied: string[] = [];
    const { promise: held, resolve } = Promise.withResolvers<void>();
    const unpack = createUnpack(
      snapshotter,
      {
        async apply(layer, mounts) {
          applied.push(`${layer.digest} ${mounts.length}`);
          await held;
          return { diffId: layer.digest, size: 1 };
        },
      },
      keys,
    );
    const request = (name: string, below?: string) => ({
      name,
      parent: below,
      layer: { mediaType: '', digest: `sha256:${name}`, size: 1 } as const,
      diffId: `sha256:${name}` as const,
    });
    const all = [unpack(request('a')), unpack(request('a')), unpack(request('b', 'a'))];
    resolve();
    await Promise.all(all);
    await unpack(request('b', 'a'));
    expect(applied).toEqual(['sha256:a 1', 'sha256:b 1']);
    expect((await snapshotter.list()).map(({ key, kind, parent: below }) => [key, kind, below])).toEqual([
      ['a', 'committed', undefined],
      ['b', 'committed', 'a'],
    ]);
  });

  test('that another process finished first gives way', async () => {
    const snapshotter = createMemorySnapshotter();
    const keys = await createActiveKeys(snapshotter, newLocks());
    const unpack = createUnpack(
      snapshotter,
      {
        async apply(layer) {
          await snapshotter.prepare('other');
          await snapshotter.commit('a', 'other');
          return { diffId: layer.digest, size: 1 };
        },
      },
      keys,
    );
    await unpack({ name: 'a', layer: { mediaType: '', digest: 'sha256:a', size: 1 }, diffId: 'sha256:a' });
    expect((await snapshotter.list()).map(({ key }) => key)).toEqual(['a']);
  });

  test('holds what it works on against removal', async () => {
    const [snapshotter, locks] = [createMemorySnapshotter(), newLocks()];
    await snapshotter.prepare('a');
    const release = await locks.acquire('a', { shared: true });
    expect(await removeSnapshots(snapshotter, locks, ['a'])).toEqual([]);
    release();
    expect(await removeSnapshots(snapshotter, locks, ['a'])).toEqual(['a']);
  });
});
