// SPDX-License-Identifier: MIT

import { diff, git, image, local, merge, type RunMount, type State, scratch } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import { createTestBuilder } from './support/builder.ts';
import { copyStep } from './support/copy-step.ts';

const LAYERS = [
  { a: '1', b: '1' },
  { b: '2', c: '2' },
] as const;
const base = image('docker.io/library/base:1');
const run = (from: State, ...args: string[]): State => from.run({ args }).root;

async function withBase(settings?: Parameters<typeof createTestBuilder>[0]) {
  const builder = createTestBuilder(settings);
  await builder.addImage('docker.io/library/base:1', LAYERS);
  return builder;
}

describe('an image', () => {
  test('that nothing reads stays at its registry until it is exported', async () => {
    const builder = await withBase();
    const { input } = await builder.build(base);
    expect([builder.fetched, builder.worker.calls]).toEqual([[], []]);
    const layers = await input?.platforms[0]?.layers();
    expect(layers).toHaveLength(2);
    expect(builder.fetched).toHaveLength(2);
    expect(builder.worker.calls).toEqual([]);
    expect(layers?.every(({ descriptor }) => builder.lease.blobs.has(descriptor.digest))).toBe(true);
  });

  test('is unpacked from the bottom up when something reads it', async () => {
    const builder = await withBase();
    const built = await builder.build(run(base, 'write', 'd', '3'));
    expect(await builder.filesOf(built)).toEqual({ a: '1', b: '2', c: '2', d: '3' });
    const unpacked = builder.worker.calls.filter((call) => call.startsWith('unpack'));
    const chain = builder.records.list().filter(({ id }) => id.startsWith('sha256:'));
    expect(unpacked).toEqual(
      [...chain].sort((x) => (x.parent === undefined ? -1 : 1)).map(({ id }) => `unpack ${id}`),
    );
    expect(builder.locks.held).toEqual([]);
  });

  test('is unpacked once, however many read it at once', async () => {
    const builder = await withBase();
    await builder.build([
      run(base, 'write', 'x', '1'),
      run(base, 'write', 'x', '2'),
      run(base, 'write', 'x', '3'),
    ]);
    expect(builder.worker.calls.filter((call) => call.startsWith('unpack'))).toHaveLength(2);
    expect(builder.fetched).toHaveLength(2);
  });

  test('shares the layers it has in common with another', async () => {
    const builder = await withBase();
    await builder.addImage('docker.io/library/other:1', [LAYERS[0], { z: '9' }]);
    await builder.build([
      run(base, 'write', 'x', '1'),
      run(image('docker.io/library/other:1'), 'write', 'x', '1'),
    ]);
    expect(builder.worker.calls.filter((call) => call.startsWith('unpack'))).toHaveLength(3);
  });

  test('shows each transfer and the unpacking under the step that needed it', async () => {
    const builder = await withBase();
    await builder.build(run(base, 'write', 'd', '3'));
    const ids = builder.events.flatMap((event) =>
      event.type === 'status-progressed' && event.completedAt !== undefined
        ? [event.id.replace(/sha256:\w+/, 'D')]
        : [],
    );
    expect(ids.sort()).toEqual(['D', 'D', 'unpacking D', 'unpacking D']);
  });

  test('whose blob is packed otherwise than before is remembered by the blob at hand', async () => {
    const builder = createTestBuilder();
    const [first] = await builder.addImage('docker.io/library/base:1', [{ a: '1' }], null);
    if (first === undefined) throw new Error('no layer');
    await builder.build(base);
    const id = builder.records.list()[0]?.id ?? '';
    const gone = { ...first.descriptor, digest: 'sha256:gone' } as const;
    builder.records.update(id, { layer: { diffId: first.diffId, descriptor: gone } });
    const built = await builder.build(run(base, 'write', 'b', '2'));
    expect(builder.records.get(id)?.layer?.descriptor).toEqual(first.descriptor);
    expect(await builder.filesOf(built)).toEqual({ a: '1', b: '2' });
    expect(builder.lease.blobs.has(first.descriptor.digest)).toBe(true);
  });
});

describe('a second build', () => {
  test('touches neither worker nor layers', async () => {
    const builder = await withBase();
    const state = run(run(base, 'write', 'x', '1'), 'write', 'y', '2');
    const first = await builder.build(state);
    const files = await builder.filesOf(first);
    builder.worker.clear();
    builder.fetched.length = 0;
    const second = await builder.build(state);
    expect([builder.worker.calls, builder.fetched]).toEqual([[], []]);
    expect(await builder.filesOf(second)).toEqual(files);
    expect(builder.events.filter((event) => event.type === 'vertex-completed' && !event.cached).length).toBe(
      1,
    );
  });

  test('does again what was lost, and no more', async () => {
    const builder = await withBase();
    const state = run(run(base, 'write', 'x', '1'), 'write', 'y', '2');
    await builder.build(state);
    const last = builder.records.list().at(-1);
    builder.worker.forget(last?.id ?? '');
    builder.worker.clear();
    const again = await builder.build(state);
    expect(builder.worker.calls).toEqual(['exec write y 2']);
    expect(await builder.filesOf(again)).toMatchObject({ x: '1', y: '2' });
  });

  test('copies again only when what is copied changed', async () => {
    const builder = await withBase();
    builder.folders.set('context', { file: 'one', other: 'x' });
    const state = base.file([copyStep(local('context'), '/file', '/file')]);
    await builder.build(state);
    builder.folders.set('context', { file: 'one', other: 'changed' });
    builder.worker.clear();
    await builder.build(state);
    expect(builder.worker.calls).toEqual(['checksum host']);
    builder.folders.set('context', { file: 'two', other: 'changed' });
    const built = await builder.build(state);
    expect(builder.worker.calls.filter((call) => call === 'file')).toHaveLength(1);
    expect(await builder.filesOf(built)).toMatchObject({ file: 'two' });
  });

  test('hashes the context once before and once after it is copied', async () => {
    const builder = await withBase();
    builder.folders.set('context', { file: 'one' });
    await builder.build(base.file([copyStep(local('context'), '/file', '/file')]));
    expect(builder.worker.calls.filter((call) => call === 'checksum host')).toHaveLength(2);
  });
});

test('a context that changes while it is copied fails the build and keeps nothing', async () => {
  const builder = createTestBuilder({ afterFile: () => builder.folders.set('context', { file: 'changed' }) });
  builder.folders.set('context', { file: 'one' });
  const state = scratch().file([copyStep(local('context'), '/file', '/file')]);
  await expect(builder.build(state)).rejects.toMatchObject({ cause: { code: 'BUILD_CONTEXT_CHANGED' } });
  expect(builder.records.list()).toEqual([]);
  expect(builder.worker.calls.at(-1)).toBe('remove 1');
});

describe('a command', () => {
  test('that fails says which and how, and leaves no record', async () => {
    const builder = await withBase();
    await expect(builder.build(run(base, 'exit', '3', 'say "x"'))).rejects.toMatchObject({
      cause: {
        code: 'BUILD_PROCESS_FAILED',
        exitCode: 3,
        message: 'process "exit 3 say \\"x\\"" did not complete successfully: exit code: 3',
      },
    });
    expect(builder.records.list().every(({ id }) => id.startsWith('sha256:'))).toBe(true);
  });

  test('that ran out of memory says so', async () => {
    const builder = await withBase({ program: () => ({ exitCode: 137, outOfMemory: true }) });
    await expect(builder.build(run(base, 'x'))).rejects.toMatchObject({
      cause: { message: expect.stringContaining('ran out of memory') },
    });
  });

  test('writes into its step', async () => {
    const builder = await withBase();
    await builder.build(run(base, 'write', 'x', '1'));
    expect(
      builder.events.flatMap((event) =>
        event.type === 'vertex-logged' ? [Buffer.from(event.data).toString()] : [],
      ),
    ).toEqual(['write x 1']);
  });

  test('gives the changed trees of its mounts too, and what it may not write unchanged', async () => {
    const builder = await withBase();
    const mounts: readonly RunMount[] = [{ type: 'bind', target: '/data', from: scratch() }];
    const result = base.run({ args: ['true'], mounts });
    expect(await builder.filesOf(await builder.build(result.mount(0)))).toEqual({ written: 'yes' });
  });

  test('finds what an earlier one of an uncached build left in a cache', async () => {
    const builder = await withBase();
    const cached = (from: State, name: string): State =>
      from.run({
        args: ['write', name, ''],
        ignoreCache: true,
        mounts: [{ type: 'cache', target: '/c', id: 'go', sharing: 'shared', from: scratch() }],
      }).root;
    const state = cached(cached(base, 'one'), 'two');
    const resets = (): readonly (boolean | undefined)[] =>
      builder.worker.execs.map(({ mounts }) => mounts.find(({ type }) => type === 'cache')?.cache?.reset);
    await builder.build(state);
    expect(resets()).toEqual([true, false]);
    builder.worker.clear();
    await builder.build(state);
    expect(resets()).toEqual([true, false]);
  });

  test('is stopped by an abort', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const builder = await withBase({
      program: () => {
        controller.abort(reason);
        throw reason;
      },
    });
    await expect(builder.build(run(base, 'x'), { signal: controller.signal })).rejects.toBe(reason);
    expect(builder.locks.held).toEqual([]);
  });
});

describe('merging', () => {
  test('stacks layers as layers: later ones win, and the lower file system stays as it is', async () => {
    const builder = await withBase();
    const link = scratch().file([{ type: 'mkfile', path: '/b', mode: 0o644, data: Buffer.from('linked') }]);
    const built = await builder.build(merge([run(base, 'write', 'x', '1'), link]));
    expect(await builder.filesOf(built)).toEqual({ a: '1', b: 'linked', c: '2', x: '1' });
    expect(await built.input?.platforms[0]?.layers()).toHaveLength(4);
  });

  test('unpacks nothing by itself', async () => {
    const builder = await withBase();
    const link = scratch().file([{ type: 'mkfile', path: '/b', mode: 0o644, data: Buffer.from('linked') }]);
    await builder.build(merge([base, link]));
    expect(builder.worker.calls.filter((call) => call.startsWith('unpack'))).toEqual([]);
    expect(builder.fetched).toEqual([]);
  });

  test('takes folders of the host and empty trees as well', async () => {
    const builder = await withBase();
    builder.folders.set('context', { file: 'host' });
    const empty = scratch().file([{ type: 'rm', path: '/x', allowNotFound: true }]);
    expect(await builder.filesOf(await builder.build(merge([local('context'), base, empty])))).toEqual({
      file: 'host',
      a: '1',
      b: '2',
      c: '2',
    });
  });

  test('a diff is what the upper one adds, deletions too', async () => {
    const builder = await withBase();
    const upper = run(run(base, 'write', 'x', '1'), 'remove', 'a');
    const built = await builder.build(diff(base, upper));
    const layers = (await built.input?.platforms[0]?.layers()) ?? [];
    const changes = await Promise.all(
      layers.map(async ({ descriptor }) =>
        JSON.parse(Buffer.from(await builder.content.read(descriptor.digest)).toString()),
      ),
    );
    expect(changes).toEqual([{ x: '1' }, { a: null }]);
    expect(await builder.filesOf(await builder.build(diff(base, base)))).toEqual({});
    await expect(
      builder.build(diff(run(base, 'write', 'x', '1'), run(base, 'write', 'y', '1'))),
    ).rejects.toMatchObject({ cause: { code: 'BUILD_OP_UNSUPPORTED' } });
  });
});

test('a source that is no image becomes a snapshot that outlives the build', async () => {
  const builder = createTestBuilder();
  const state = git('https://example.com/repo.git', { ref: 'main' });
  for (const path of ['github.com/repo.git#main', 'example.com/repo.git#main'])
    builder.folders.set(path, { file: 'git' });
  expect(await builder.filesOf(await builder.build(state))).toEqual({ file: 'git' });
  builder.worker.clear();
  await builder.build(state);
  expect(builder.worker.calls).toEqual([]);
  expect(builder.records.list().map(({ type }) => type)).toEqual(['source.git.checkout']);
});

test('nothing at all is an empty image', async () => {
  const builder = createTestBuilder();
  const built = await builder.build(scratch());
  expect(await built.input?.platforms[0]?.layers()).toEqual([]);
  expect(await built.input?.platforms[0]?.tree()).toEqual({ type: 'empty' });
});
