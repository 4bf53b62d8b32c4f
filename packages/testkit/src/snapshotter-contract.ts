// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { Mount, Snapshotter } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';

/** A mounted snapshot, seen as text files at its root. */
export interface OpenSnapshot {
  write(path: string, text: string): void;
  read(path: string): string | undefined;
  remove(path: string): void;
  /** Sorted. */
  list(): readonly string[];
  close(): Promise<void>;
}

/** What the suite works on. */
export interface SnapshotterFixture {
  /** Empty. */
  readonly snapshotter: Snapshotter;
  /** Mounts and looks inside. */
  open(mounts: readonly Mount[]): Promise<OpenSnapshot>;
}

type Create = () => Promise<SnapshotterFixture>;

/** The behaviour every snapshotter must have. */
export function describeSnapshotter(name: string, create: Create): void {
  describe(`${name} as a Snapshotter`, () => {
    describeContent(create);
    describeBook(create);
    describeRefusals(create);
  });
}

/** Commits `changes` (undefined removes a file) on `parent`. */
async function layer(
  { snapshotter, open }: SnapshotterFixture,
  name: string,
  parent: string | undefined,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const files = await open(await snapshotter.prepare(`${name}-key`, parent));
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) files.remove(path);
    else files.write(path, text);
  }
  await files.close();
  await snapshotter.commit(name, `${name}-key`);
}

async function contentOf(
  { open }: SnapshotterFixture,
  mounts: readonly Mount[],
): Promise<Readonly<Record<string, string | undefined>>> {
  const files = await open(mounts);
  const content = Object.fromEntries(files.list().map((path) => [path, files.read(path)]));
  await files.close();
  return content;
}

function describeContent(create: Create): void {
  test('shows the content of all parents, changed and removed files included', async () => {
    const fixture = await create();
    await layer(fixture, 'base', undefined, { a: '1', b: '1', c: '1' });
    await layer(fixture, 'middle', 'base', { b: '2', c: undefined });
    await layer(fixture, 'top', 'middle', { c: '3', d: '3' });

    expect(await contentOf(fixture, await fixture.snapshotter.view('v', 'top'))).toEqual({
      a: '1',
      b: '2',
      c: '3',
      d: '3',
    });
    expect(await contentOf(fixture, await fixture.snapshotter.view('w', 'middle'))).toEqual({
      a: '1',
      b: '2',
    });
    expect(await contentOf(fixture, await fixture.snapshotter.view('x', 'base'))).toEqual({
      a: '1',
      b: '1',
      c: '1',
    });
  });

  test('keeps siblings apart', async () => {
    const fixture = await create();
    await layer(fixture, 'base', undefined, { a: '1' });
    await layer(fixture, 'left', 'base', { a: 'left', l: '' });
    await layer(fixture, 'right', 'base', { a: undefined, r: '' });

    expect(await contentOf(fixture, await fixture.snapshotter.mounts('left'))).toEqual({ a: 'left', l: '' });
    expect(await contentOf(fixture, await fixture.snapshotter.mounts('right'))).toEqual({ r: '' });
    expect(await contentOf(fixture, await fixture.snapshotter.mounts('base'))).toEqual({ a: '1' });
  });

  test('keeps an active snapshot between mounts', async () => {
    const fixture = await create();
    await layer(fixture, 'base', undefined, { a: '1' });
    const files = await fixture.open(await fixture.snapshotter.prepare('key', 'base'));
    files.write('b', '2');
    await files.close();

    expect(await contentOf(fixture, await fixture.snapshotter.mounts('key'))).toEqual({ a: '1', b: '2' });
  });

  test('makes views and committed snapshots read-only', async () => {
    const fixture = await create();
    await layer(fixture, 'base', undefined, { a: '1' });
    await layer(fixture, 'top', 'base', { b: '1' });
    const mounts = [
      await fixture.snapshotter.view('v', 'base'),
      await fixture.snapshotter.view('w', 'top'),
      await fixture.snapshotter.mounts('top'),
    ];

    for (const each of mounts) {
      const files = await fixture.open(each);
      expect(() => files.write('a', '2')).toThrow(expect.objectContaining({ code: 'EROFS' }));
      await files.close();
    }
  });
}

function describeBook(create: Create): void {
  test('tells what it has', async () => {
    const fixture = await create();
    const { snapshotter } = fixture;
    await layer(fixture, 'base', undefined, { a: '1' });
    await snapshotter.prepare('key', 'base');

    expect(await snapshotter.stat('base')).toEqual({
      key: 'base',
      kind: 'committed',
      createdAt: expect.any(Number),
    });
    expect(await snapshotter.stat('key')).toEqual({
      key: 'key',
      kind: 'active',
      parent: 'base',
      createdAt: expect.any(Number),
    });
    expect(await snapshotter.stat('base-key')).toBeUndefined();
    expect((await snapshotter.list()).map(({ key }) => key).sort()).toEqual(['base', 'key']);
  });

  test('keeps what a snapshot is called', async () => {
    const { snapshotter } = await create();
    await snapshotter.prepare('key', undefined, { label: 'mine' });

    expect((await snapshotter.stat('key'))?.label).toBe('mine');
    expect(await snapshotter.list()).toMatchObject([{ key: 'key', label: 'mine' }]);
  });

  test('measures a snapshot', async () => {
    const fixture = await create();
    await layer(fixture, 'empty', undefined, {});
    await layer(fixture, 'full', undefined, { a: 'x'.repeat(100_000), b: '' });
    const [empty, full] = [await fixture.snapshotter.usage('empty'), await fixture.snapshotter.usage('full')];

    expect(full.size - empty.size).toBeGreaterThanOrEqual(100_000);
    expect(full.inodes - empty.inodes).toBe(2);
  });

  test('renames what is active, and keeps what is in it', async () => {
    const fixture = await create();
    const { snapshotter } = fixture;
    await layer(fixture, 'base', undefined, { a: '1' });
    await snapshotter.prepare('making', undefined, { label: 'its label' });

    await snapshotter.rename('making', 'made');

    expect(await snapshotter.stat('making')).toBeUndefined();
    expect(await snapshotter.stat('made')).toMatchObject({ key: 'made', kind: 'active', label: 'its label' });
    expect(await contentOf(fixture, await snapshotter.mounts('made'))).toEqual({});
    await snapshotter.prepare('other');
    for (const [attempt, code] of [
      [snapshotter.rename('none', 'x'), 'SNAPSHOT_NOT_FOUND'],
      [snapshotter.rename('base', 'x'), 'SNAPSHOT_NOT_ACTIVE'],
      [snapshotter.rename('other', 'made'), 'SNAPSHOT_EXISTS'],
    ] as const)
      await expect(attempt).rejects.toMatchObject({ code });
  });

  test('frees a key by committing and a name by removing', async () => {
    const fixture = await create();
    await layer(fixture, 'base', undefined, { a: '1' });
    await layer(fixture, 'other', undefined, { a: '2' });
    await fixture.snapshotter.remove('base');
    await layer(fixture, 'base', undefined, { a: '3' });

    expect(await contentOf(fixture, await fixture.snapshotter.mounts('base'))).toEqual({ a: '3' });
  });
}

function describeRefusals(create: Create): void {
  async function codeOf(action: Promise<unknown>): Promise<unknown> {
    const error = await action.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return isToolError(error) ? error.code : error;
  }

  test('refuses what does not exist', async () => {
    const { snapshotter } = await create();
    const attempts = [
      snapshotter.prepare('k', 'none'),
      snapshotter.view('v', 'none'),
      snapshotter.mounts('none'),
      snapshotter.usage('none'),
      snapshotter.commit('n', 'none'),
      snapshotter.remove('none'),
    ];
    for (const attempt of attempts) expect(await codeOf(attempt)).toBe('SNAPSHOT_NOT_FOUND');
    expect(await snapshotter.list()).toEqual([]);
  });

  test('refuses a taken key or name', async () => {
    const fixture = await create();
    const { snapshotter } = fixture;
    await layer(fixture, 'base', undefined, {});
    await snapshotter.prepare('key');

    expect(await codeOf(snapshotter.prepare('key'))).toBe('SNAPSHOT_EXISTS');
    expect(await codeOf(snapshotter.view('base', 'base'))).toBe('SNAPSHOT_EXISTS');
    expect(await codeOf(snapshotter.commit('base', 'key'))).toBe('SNAPSHOT_EXISTS');
    expect(await snapshotter.stat('key')).toMatchObject({ kind: 'active' });
  });

  test('refuses a parent that is not committed and a commit of what is not active', async () => {
    const fixture = await create();
    const { snapshotter } = fixture;
    await snapshotter.prepare('key');
    await layer(fixture, 'base', undefined, {});
    await snapshotter.view('view', 'base');

    expect(await codeOf(snapshotter.prepare('other', 'key'))).toBe('SNAPSHOT_NOT_COMMITTED');
    expect(await codeOf(snapshotter.commit('name', 'view'))).toBe('SNAPSHOT_NOT_ACTIVE');
    expect(await codeOf(snapshotter.commit('name', 'base'))).toBe('SNAPSHOT_NOT_ACTIVE');
  });

  test('refuses to remove what has children until they are gone', async () => {
    const fixture = await create();
    const { snapshotter } = fixture;
    await layer(fixture, 'base', undefined, {});
    await snapshotter.prepare('key', 'base');
    await snapshotter.view('view', 'base');

    expect(await codeOf(snapshotter.remove('base'))).toBe('SNAPSHOT_IN_USE');
    await snapshotter.remove('key');
    expect(await codeOf(snapshotter.remove('base'))).toBe('SNAPSHOT_IN_USE');
    await snapshotter.remove('view');
    await snapshotter.remove('base');
    expect(await snapshotter.list()).toEqual([]);
  });

  test('makes nothing after an abort', async () => {
    const { snapshotter } = await create();
    const reason = new Error('enough');
    await expect(snapshotter.prepare('key', undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(await snapshotter.list()).toEqual([]);
  });
}
