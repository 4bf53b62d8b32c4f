// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheMountOptions, ExecMount } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cacheMountKey, restoredCacheMountKey } from '../../src/exec/cache-mount-key.ts';
import { createCacheMounts } from '../../src/exec/cache-mounts.ts';
import {
  createTestWorker,
  hostTree,
  oneId,
  parent,
  quiet,
  shell,
  type TestWorker,
  writeBusybox,
  writeTree,
} from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
  await worker.commit('base', writeBusybox);
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

let made = 0;
const keys = { next: () => `test-making-${made++}` };

function cache(cache: Partial<CacheMountOptions> = {}, change: Partial<ExecMount> = {}): ExecMount {
  return {
    destination: '/cache',
    type: 'cache',
    readonly: false,
    cache: { id: expect.getState().currentTestName ?? '', sharing: 'shared', ...cache },
    ...change,
  };
}

async function run(script: string, mount: ExecMount): Promise<string> {
  const { stdout } = await worker.exec(shell(script, 'base', { extra: [mount] }));
  return stdout;
}

test('outlive a run, by their id, also one that failed', async () => {
  await run('echo kept > /cache/file; exit 1', cache());
  expect(await run('cat /cache/file', cache())).toBe('kept\n');
  expect(await run('cat /cache/file', cache({ sharing: 'locked' }))).toBe('kept\n');
  expect(await run('cat /cache/file', cache({ sharing: 'private' }))).toBe('kept\n');
  expect(await run('ls /cache', cache({ id: 'another' }))).toBe('');
});

test('are told apart by what they started with, and labelled by their id', async () => {
  const id = 'labelled';
  await run('touch /cache/one', cache({ id }));
  expect(await run('ls /cache', cache({ id, origin: 'base' }))).toBe('');
  expect(await run('ls /cache', cache({ id }))).toBe('one\n');
  const labels = (await worker.snapshotter.list()).map(({ label }) => label);
  expect(labels.filter((label) => label === id)).toHaveLength(2);
});

test.each(['shared', 'locked', 'private'] as const)('%s ones start empty when asked to', async (sharing) => {
  await run('touch /cache/old', cache({ sharing }));
  expect(await run('ls /cache', cache({ sharing, reset: true }))).toBe('');
});

test('have the mode they were made with', async () => {
  expect(await run('stat -c %a /cache', cache({}, { mode: 0o700 }))).toBe('700\n');
  expect(await run('stat -c %a /cache', cache({}, { mode: 0o755 }))).toBe('700\n');
});

test('are not kept when their owner does not exist here', async () => {
  const mount = cache({}, { uid: 1000, gid: 1000 });
  if (oneId) await expect(run('true', mount)).rejects.toHaveProperty('code', 'FILE_OWNER_UNMAPPED');
  else expect(await run('stat -c %u:%g /cache', mount)).toBe('1000:1000\n');
  expect(await run('stat -c %u /cache', cache())).toBe(oneId ? '0\n' : '1000\n');
});

test('start with what their input has', async () => {
  const input = hostTree({ 'seed/file': 'seeded' });
  expect(await run('cat /cache/file; echo more > /cache/file', cache({}, { input, selector: '/seed' }))).toBe(
    'seeded',
  );
  expect(await run('cat /cache/file', cache({}, { input, selector: '/seed' }))).toBe('more\n');
});

test('are not kept when they cannot be filled', async () => {
  await expect(run('true', cache({}, { input: { type: 'snapshot', name: 'gone' } }))).rejects.toHaveProperty(
    'code',
    'SNAPSHOT_NOT_FOUND',
  );
  expect(await run('ls /cache', cache({}, { input: hostTree({ file: '' }) }))).toBe('file\n');
});

test('can be read-only', async () => {
  expect(await run('touch /cache/x 2>/dev/null || echo denied', cache({}, { readonly: true }))).toBe(
    'denied\n',
  );
});

describe('a part of one', () => {
  test('is made when missing', async () => {
    expect(await run('echo x > /cache/file', cache({}, { selector: 'a/b' }))).toBe('');
    expect(await run('ls /cache/a/b', cache())).toBe('file\n');
  });

  test('is never made behind a symlink', async () => {
    const target = join(parent, 'escaped');
    await run(`busybox ln -s ${parent} /cache/evil`, cache());
    await expect(run('true', cache({}, { selector: 'evil/escaped' }))).rejects.toHaveProperty(
      'code',
      'EXEC_MOUNT_INVALID',
    );
    expect(lstatSync(target, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('that a symlink names lies in the cache', async () => {
    const input = hostTree({ 'etc/file': 'own' });
    symlinkSync('/etc', join(input.path, 'link'));
    expect(await run('ls /cache', cache({}, { input, selector: 'link' }))).toBe('file\n');
  });
});

describe('sharing', () => {
  const hold = (sharing: CacheMountOptions['sharing'], id: string, signal?: AbortSignal) =>
    createCacheMounts(worker.snapshotter, worker.locks, keys).hold(
      { destination: '/c', type: 'cache', readonly: false, cache: { id, sharing } },
      async () => {},
      { signal },
    );

  test('shared: all get the same folder at once', async () => {
    const [one, two] = [await hold('shared', 's'), await hold('shared', 's')];
    expect(two.folder).toBe(one.folder);
    one.release();
    two.release();
  });

  test('private: everybody gets one of their own, and a free one is used again', async () => {
    const [one, two] = [await hold('private', 'p'), await hold('private', 'p')];
    expect(two.folder).not.toBe(one.folder);
    one.release();
    const three = await hold('private', 'p');
    expect(three.folder).toBe(one.folder);
    two.release();
    three.release();
  });

  test('locked: one after the other', async () => {
    const one = await hold('locked', 'l');
    const order: string[] = [];
    const second = hold('locked', 'l').then((held) => {
      order.push('second');
      return held;
    });
    const reason = new Error('enough');
    const impatient = new AbortController();
    const third = hold('locked', 'l', impatient.signal);
    impatient.abort(reason);
    await expect(third).rejects.toBe(reason);
    order.push('first done');
    one.release();
    const two = await second;
    expect(order).toEqual(['first done', 'second']);
    expect(two.folder).toBe(one.folder);
    two.release();
  });

  test('one that was being filled when its worker died is not taken for filled', async () => {
    const mount: ExecMount = {
      destination: '/c',
      type: 'cache',
      readonly: false,
      cache: { id: 'half', sharing: 'shared' },
    };
    const dying = Promise.withResolvers<void>();
    const seen: string[] = [];
    const caches = createCacheMounts(worker.snapshotter, worker.locks, keys);
    const first = caches.hold(mount, async (folder) => {
      writeTree(folder, { half: '' });
      seen.push(...(await worker.snapshotter.list()).map(({ key }) => key));
      await dying.promise;
    });
    dying.reject(new Error('died'));

    await expect(first).rejects.toThrow('died');
    expect(seen).not.toContain(cacheMountKey('half'));
    expect(seen.some((key) => key.startsWith('test-making-'))).toBe(true);
    const held = await caches.hold(mount, async (folder) => writeTree(folder, { whole: '' }));
    expect(readdirSync(held.folder)).toEqual(['whole']);
    held.release();
  });

  test('runs that find one being filled wait until it is', async () => {
    const caches = createCacheMounts(worker.snapshotter, worker.locks, keys);
    const mount: ExecMount = {
      destination: '/c',
      type: 'cache',
      readonly: false,
      cache: { id: 'filling', sharing: 'shared' },
    };
    const { promise: filled, resolve } = Promise.withResolvers<void>();
    const first = caches.hold(mount, async (folder) => {
      await filled;
      writeTree(folder, { ready: '' });
    });
    const second = caches.hold(mount, async () => {});
    resolve();
    for (const held of await Promise.all([first, second])) {
      expect(readdirSync(held.folder)).toEqual(['ready']);
      held.release();
    }
  });

  test('one in use is not removed', async () => {
    const held = await hold('shared', 'used');
    const keys = (await worker.snapshotter.list())
      .filter(({ kind }) => kind === 'active')
      .map(({ key }) => key);
    const free = await worker.methods.remove(keys, {
      signal: new AbortController().signal,
      notify: () => {},
    });
    expect(free).toHaveLength(keys.length - 1);
    expect(readdirSync(held.folder)).toEqual([]);
    held.release();
  });
});

const signal = quiet();

/** Key of the only cache of an id. */
async function keyOf(id: string): Promise<string> {
  const keys = (await worker.snapshotter.list()).filter(({ label }) => label === id).map(({ key }) => key);
  expect(keys).toHaveLength(1);
  return keys[0] ?? '';
}

describe('saved', () => {
  test('give the same bytes for the same content, and come back as they were', async () => {
    const id = 'saved';
    await run(
      `mkdir /cache/a && echo one > /cache/a/f && ln /cache/a/f /cache/hard && ln -s a/f /cache/soft
echo x > /cache/.wh.kept && chmod 4711 /cache/hard && chmod 1770 /cache && touch -d '2001-02-03 04:05:06' /cache/a`,
      cache({ id }),
    );
    const key = await keyOf(id);
    const [saved, again] = [
      await worker.methods.saveCacheMount({ key, options: { compression: 'zstd' } }, signal),
      await worker.methods.saveCacheMount({ key, options: { compression: 'zstd' } }, signal),
    ];
    expect(saved?.layer.descriptor.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
    expect(again).toEqual(saved);
    if (saved === undefined) return;
    expect(saved.owner).toEqual({ uid: 0, gid: 0, mode: 0o1770 });

    const restored = {
      key: cacheMountKey('restored'),
      label: 'restored',
      blob: saved.layer.descriptor.digest,
    };
    const request = { ...restored, owner: saved.owner, replace: false };
    expect(await worker.methods.restoreCacheMount(request, signal)).toBe(true);
    // The folder itself is made anew: its time is of the restoring.
    const look = `cd /cache && stat -c '%a' . && stat -c '%n %a %h %Y' a a/f hard soft .wh.kept && cat soft`;
    const before = await run(look, cache({ id }));
    expect(await run(look, cache({ id: 'restored' }))).toBe(before);
    expect(before).toContain('hard 4711 2 ');
  });

  test('do not take the place of one that is there, unless they are to', async () => {
    const id = 'there';
    await run('echo old > /cache/f', cache({ id }));
    const key = await keyOf(id);
    const saved = await worker.methods.saveCacheMount({ key, options: {} }, signal);
    if (saved === undefined) throw new Error('nothing was saved');
    await run('echo new > /cache/f; touch /cache/g', cache({ id }));
    const request = { key, label: id, blob: saved.layer.descriptor.digest, owner: saved.owner };
    expect(await worker.methods.restoreCacheMount({ ...request, replace: false }, signal)).toBe(false);
    expect(await run('cat /cache/f', cache({ id }))).toBe('new\n');
    expect(await worker.methods.restoreCacheMount({ ...request, replace: true }, signal)).toBe(true);
    expect(await run('cat /cache/f; ls /cache', cache({ id }))).toBe('old\nf\n');
  });

  test('are found by the first run that starts its cache with something', async () => {
    const id = 'seeded';
    await run('echo kept > /cache/f', cache({ id, origin: 'elsewhere' }));
    const key = await keyOf(id);
    const saved = await worker.methods.saveCacheMount({ key, options: {} }, signal);
    if (saved === undefined) throw new Error('nothing was saved');
    await worker.methods.remove([key], signal);
    const request = { key: restoredCacheMountKey(id), label: id, blob: saved.layer.descriptor.digest };
    await worker.methods.restoreCacheMount({ ...request, owner: saved.owner, replace: false }, signal);

    expect(await run('ls /cache', cache({ id }))).toBe('');
    expect(await run('cat /cache/f', cache({ id, origin: 'here' }))).toBe('kept\n');
    expect(await worker.snapshotter.stat(restoredCacheMountKey(id))).toBeUndefined();
    expect(await run('ls /cache', cache({ id, origin: 'somewhere' }))).toBe('');
  });

  test('are whole: a damaged one leaves the mount as it was, and nothing besides', async () => {
    const id = 'damaged';
    await run('echo good > /cache/f', cache({ id }));
    const blob = await worker.content.ingest(
      'application/vnd.oci.image.layer.v1.tar',
      (async function* () {
        yield Buffer.from('no tar at all'.repeat(100));
      })(),
    );
    const request = { key: await keyOf(id), label: id, blob: blob.digest, replace: true };
    await expect(
      worker.methods.restoreCacheMount({ ...request, owner: { uid: 0, gid: 0, mode: 0o755 } }, signal),
    ).rejects.toHaveProperty('code', 'LAYER_INVALID');
    expect(await run('cat /cache/f', cache({ id }))).toBe('good\n');
  });

  test('of a key nobody has are nothing', async () => {
    expect(
      await worker.methods.saveCacheMount({ key: cacheMountKey('none'), options: {} }, signal),
    ).toBeUndefined();
  });
});
