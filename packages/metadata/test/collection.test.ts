// SPDX-License-Identifier: MIT

import type { Digest } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { ProcessIdentity, ProcessTable } from '../src/index.ts';
import { openState } from './temporary-state.ts';

const blob = (at: number): Digest => `sha256:${at.toString(16).padStart(64, '0')}`;
const layerOf = (at: number) => ({
  descriptor: { mediaType: 'layer', digest: blob(at), size: 1 },
  diffId: blob(at),
});
const none = async (): Promise<readonly Digest[]> => [];

/** Processes that live and die as the test says. */
function fakeProcesses(): ProcessTable & {
  pid: number;
  readonly dead: Set<number>;
  readonly foreign: Set<number>;
} {
  const dead = new Set<number>();
  const foreign = new Set<number>();
  return {
    pid: 1,
    dead,
    foreign,
    self() {
      return { pid: this.pid, start: '1', boot: 'b', namespace: 'n' };
    },
    isAlive: ({ pid }: ProcessIdentity) => (foreign.has(pid) ? undefined : !dead.has(pid)),
  };
}

describe('leases', () => {
  test('protect until released', () => {
    const { leases } = openState();
    const [one, two] = [leases.create(), leases.create()];
    one.addRecords(['r', 's']);
    two.addRecords(['s']);
    two.addBlobs([blob(1)]);

    one.release();
    one.release();

    const { records, blobs } = leases.protectedResources();
    expect([[...records], [...blobs]]).toEqual([['s'], [blob(1)]]);
  });

  test('of a dead process protect nothing, of an unknown one for a day', () => {
    const processes = fakeProcesses();
    let now = 0;
    const { leases } = openState({ processes, clock: () => now });
    leases.create().addRecords(['mine']);
    processes.pid = 2;
    leases.create().addRecords(['dead']);
    processes.pid = 3;
    leases.create().addRecords(['foreign']);
    processes.dead.add(2);
    processes.foreign.add(3);

    expect([...leases.protectedResources().records].sort()).toEqual(['foreign', 'mine']);
    now = 25 * 60 * 60 * 1000;
    expect([...leases.protectedResources().records]).toEqual(['mine']);
    processes.dead.clear();
    expect([...leases.protectedResources().records]).toEqual(['mine']);
  });
});

describe('a collection', () => {
  test('finds nothing in an empty state and everything in one that nothing uses', async () => {
    const metadata = openState();
    expect(await metadata.planCollection({ blobs: [], children: none })).toEqual({
      records: [],
      snapshots: [],
      blobs: [],
    });
    metadata.records.put({ id: 'base', type: 'regular', description: '', layer: layerOf(1) });
    metadata.records.put({ id: 'top', parent: 'base', type: 'regular', description: '' });
    const book = metadata.snapshots('native');
    book.insert({ key: 'a', kind: 'active', createdAt: 1 });
    book.commit('base', 'a', 1);
    book.insert({ key: 'orphan', kind: 'active', parent: 'base', createdAt: 1 });

    const plan = await metadata.planCollection({ blobs: [blob(1), blob(2)], children: none });

    expect(plan.records.map(({ id }) => id)).toEqual(['top', 'base']);
    expect(plan.snapshots).toEqual([
      { backend: 'native', key: 'orphan' },
      { backend: 'native', key: 'base' },
    ]);
    expect(plan.blobs).toEqual([blob(1), blob(2)]);
  });

  test('keeps what a record kept by the caller stands on', async () => {
    const metadata = openState();
    for (const [id, parent] of [
      ['a', undefined],
      ['b', 'a'],
      ['c', 'b'],
      ['d', 'b'],
    ] as const) {
      metadata.records.put({ id, parent, type: 'regular', description: '' });
    }

    const plan = await metadata.planCollection({
      blobs: [],
      children: none,
      choose: (uses) => uses.flatMap(({ record }) => (record.id === 'c' ? [] : record.id)),
    });

    expect(plan.records.map(({ id }) => id)).toEqual(['d']);
  });

  test('keeps an image that is named while it looks', async () => {
    const metadata = openState();
    const image = (at: number) => ({ mediaType: 'm', digest: blob(at), size: 1 });
    metadata.images.put('first', image(1));

    const plan = await metadata.planCollection({
      blobs: [1, 2, 3, 4].map(blob),
      async children(digest) {
        if (digest === blob(1)) metadata.images.put('second', image(2));
        return digest === blob(2) ? [blob(3)] : [];
      },
    });

    expect(plan.blobs).toEqual([blob(4)]);
  });

  test('stops when aborted', async () => {
    const metadata = openState();
    metadata.images.put('i', { mediaType: 'm', digest: blob(1), size: 1 });

    await expect(
      metadata.planCollection({
        blobs: [],
        children: none,
        signal: AbortSignal.abort(new RangeError('stop')),
      }),
    ).rejects.toThrow('stop');
  });
});
