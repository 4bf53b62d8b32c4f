// SPDX-License-Identifier: MIT

import type { Edge, Locks, Vertex } from '@img-build/interfaces';
import { createMemoryCacheKeyStore } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { createMachine, type FakeStep, out, step, type TextResult } from './fake-build.ts';

/** Counts those inside; everyone waits until `count` are in. */
function meeting(count: number): { readonly join: () => Promise<void>; readonly most: () => number } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let present = 0;
  let most = 0;
  return {
    async join() {
      most = Math.max(most, ++present);
      if (present === count) resolve();
      await promise;
      present--;
    },
    most: () => most,
  };
}

/** Locks inside one process, granted in order. */
function createLocks(): Locks & { readonly held: string[] } {
  const last = new Map<string, Promise<void>>();
  const held: string[] = [];
  return {
    held,
    async acquire(name, options) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const before = last.get(name);
      last.set(name, promise);
      if (before !== undefined) {
        options?.onWait?.();
        await before;
      }
      held.push(name);
      return () => {
        held.splice(held.indexOf(name), 1);
        if (last.get(name) === promise) last.delete(name);
        resolve();
      };
    },
  };
}

describe('parallel branches', () => {
  test('run at once, also when they only meet in a chain of copies', async () => {
    const machine = createMachine();
    const { join } = meeting(5);
    let result: Vertex = step({ name: 'scratch' });
    for (let at = 0; at < 5; at++) {
      const branch = step({ name: `branch-${at}`, run: async () => (await join(), [`text-${at}`]) });
      result = step({
        name: `copy-${at}`,
        inputs: [{ from: out(result) }, { from: out(branch), selector: '/', content: true }],
      });
    }

    await machine.solve([out(result)]);

    expect(machine.executed.filter((name) => name.startsWith('branch'))).toHaveLength(5);
  });

  test('of heavy ops never exceed the parallelism, and use all of it', async () => {
    const machine = createMachine({ parallelism: 2 });
    let present = 0;
    let most = 0;
    const heavy = (at: number): Edge =>
      out(
        step({
          name: `heavy-${at}`,
          heavy: true,
          async run() {
            most = Math.max(most, ++present);
            await new Promise(setImmediate);
            present--;
            return [`${at}`];
          },
        }),
      );

    expect(await machine.solve([0, 1, 2, 3, 4].map(heavy))).toEqual(['0', '1', '2', '3', '4']);
    expect(most).toBe(2);
  });

  test('of light ops are not bounded', async () => {
    const machine = createMachine({ parallelism: 1 });
    const { join, most } = meeting(4);

    await machine.solve(
      [0, 1, 2, 3].map((at) => out(step({ name: `light-${at}`, run: async () => (await join(), ['x']) }))),
    );

    expect(most()).toBe(4);
  });
});

describe('equal work', () => {
  test('of one vertex used twice is done once', async () => {
    const machine = createMachine();
    const shared = step({ name: 'shared' });

    await machine.solve([
      out(shared),
      out(step({ name: 'user', inputs: [{ from: out(shared) }] })),
      out(shared),
    ]);

    expect(machine.executed).toEqual(['shared', 'user']);
  });

  test('of two vertices with the same cache key is done once', async () => {
    const machine = createMachine();
    const named = (name: string): FakeStep => ({ name, seeds: ['same'], run: async () => [`by ${name}`] });
    const [first, second] = [step(named('alpine:latest')), step(named('alpine@sha256:1'))];
    const run = (from: Vertex, name: string): Edge =>
      out(step({ name, seeds: ['run'], inputs: [{ from: out(from) }] }));

    const texts = await machine.solve([run(first, 'run-1'), run(second, 'run-2')]);

    expect(texts[0]).toBe(texts[1]);
    expect(machine.executed).toHaveLength(2);
    expect(Object.values(machine.outcomes()).sort()).toEqual(['cached', 'cached', 'done', 'done']);
  });

  test('found by content is done once', async () => {
    const machine = createMachine();
    const base = step({ name: 'base' });
    const copy = (at: number): Edge => {
      const files = step({ name: `context-${at}`, seeds: [`random:${at}`], run: () => ['files'] });
      return out(
        step({
          name: `copy-${at}`,
          seeds: ['copy'],
          inputs: [{ from: out(base) }, { from: out(files), content: true }],
        }),
      );
    };

    await machine.solve([copy(1), copy(2)]);

    expect(machine.executed.filter((name) => name.startsWith('copy'))).toHaveLength(1);
  });

  test('is not shared with a vertex that ignores the cache', async () => {
    const machine = createMachine();
    const named = (name: string, ignoreCache: boolean): Edge =>
      out(step({ name, seeds: ['same'], ignoreCache }));

    await machine.solve([named('reads', false), named('ignores', true)]);

    expect(machine.executed).toContain('ignores');
  });

  test('of two processes is done once, the second says that it waits', async () => {
    const shared = {
      keys: createMemoryCacheKeyStore(),
      saved: new Map<string, TextResult>(),
      locks: createLocks(),
    };
    const [first, second] = [createMachine(shared), createMachine(shared)];
    const { promise: proceed, resolve } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const slow = step({ name: 'slow', run: async () => (begin(), await proceed, ['done']) });
    const end = out(step({ name: 'end', inputs: [{ from: out(slow) }] }));

    const one = first.solve([end]);
    await begun;
    const other = second.solve([end]);
    while (!second.events.some(({ type }) => type === 'status-progressed')) await new Promise(setImmediate);
    resolve();

    expect(await Promise.all([one, other])).toEqual([['end(done)'], ['end(done)']]);
    expect([...first.executed, ...second.executed].sort()).toEqual(['end', 'slow']);
    expect(second.outcomes()['slow']).toBe('cached');
    expect(second.events.filter((event) => event.type === 'status-progressed').at(-1)).toHaveProperty(
      'completedAt',
    );
    expect(shared.locks.held).toEqual([]);
  });
});

describe('long chains', () => {
  test('cost a fixed amount of work per vertex and no call stack', async () => {
    const machine = createMachine();
    const length = 5_000;
    let last = step({ name: 'v0' });
    for (let at = 1; at < length; at++)
      last = step({ name: `v${at}`, inputs: [{ from: out(last) }], run: () => [`${at}`] });
    await machine.solve([out(last)]);
    expect(machine.executed).toHaveLength(length);
    machine.forget();

    await machine.solve([out(last)]);

    expect(machine.executed).toHaveLength(0);
    expect(machine.mapped).toHaveLength(length);
    expect(machine.loaded).toHaveLength(1);
    expect(machine.events).toHaveLength(3 * length);
  });

  test('look each key up a bounded number of times when everything is cached', async () => {
    const counts = { targets: 0, exists: 0, results: 0, writes: 0 };
    const inner = createMemoryCacheKeyStore();
    const keys = {
      ...inner,
      targets: (...values: Parameters<typeof inner.targets>) => (counts.targets++, inner.targets(...values)),
      exists: (key: string) => (counts.exists++, inner.exists(key)),
      results: (key: string) => (counts.results++, inner.results(key)),
      transaction: <T>(work: () => T): T => (counts.writes++, inner.transaction(work)),
    };
    const machine = createMachine({ keys });
    const width = 50;
    const layer = (inputs: readonly Vertex[], depth: number): readonly Vertex[] =>
      Array.from({ length: width }, (_, at) =>
        step({
          name: `${depth}/${at}`,
          run: () => [`${depth}/${at}`],
          inputs: inputs.slice(at, at + 2).map((vertex) => ({ from: out(vertex) })),
        }),
      );
    let vertices = layer([], 0);
    for (let depth = 1; depth < 20; depth++) vertices = layer(vertices, depth);
    const end = out(step({ name: 'end', inputs: vertices.map((vertex) => ({ from: out(vertex) })) }));
    await machine.solve([end]);
    Object.assign(counts, { targets: 0, exists: 0, results: 0, writes: 0 });
    machine.forget();

    await machine.solve([end]);

    const edges = width + 19 * (2 * width - 1);
    expect(machine.executed).toEqual([]);
    expect(counts.targets).toBeLessThanOrEqual(edges + 1);
    expect(counts.exists).toBeLessThanOrEqual(width);
    expect(counts.results).toBeLessThanOrEqual(20 * width + 1);
    expect(counts.writes).toBe(0);
  });
});
