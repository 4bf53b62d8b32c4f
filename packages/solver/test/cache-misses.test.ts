// SPDX-License-Identifier: MIT

import type { Edge, Vertex } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { createMachine, out, step } from './fake-build.ts';

function chain(...names: readonly string[]): Vertex {
  let last: Vertex | undefined;
  for (const name of names) last = step({ name, inputs: last === undefined ? [] : [{ from: out(last) }] });
  return last as Vertex;
}

/** A Dockerfile-like COPY: the base by definition, the files by content. */
function copy(name: string, base: Edge, files: Edge): Vertex {
  return step({ name, inputs: [{ from: base }, { from: files, selector: '/', content: true }] });
}

describe('vertices that ignore the cache', () => {
  test('execute again, write the cache, and do not let old results of what follows be found by definition', async () => {
    const machine = createMachine();
    let version = 1;
    const build = (ignoreCache: boolean): Edge => {
      const fetch = step({ name: 'fetch', ignoreCache, run: () => [`v${version}`] });
      return out(step({ name: 'use', inputs: [{ from: out(fetch) }] }));
    };
    await machine.solve([build(false)]);
    version = 2;
    machine.forget();

    expect(await machine.solve([build(true)])).toEqual(['use(v2)']);
    expect(machine.executed).toEqual(['fetch', 'use']);
    machine.forget();
    expect(await machine.solve([build(false)])).toEqual(['use(v2)']);
    expect(machine.executed).toEqual([]);
  });

  test('let what follows hit by content', async () => {
    const machine = createMachine();
    const build = (ignoreCache: boolean): Edge =>
      out(copy('copy', out(step({ name: 'base' })), out(step({ name: 'fetch', ignoreCache }))));
    await machine.solve([build(false)]);
    machine.forget();

    await machine.solve([build(true)]);

    expect(machine.executed).toEqual(['fetch']);
  });

  test('do not file other content under the key of the old one', async () => {
    const machine = createMachine();
    let version = 1;
    const build = (ignoreCache: boolean): Edge =>
      out(
        copy(
          'copy',
          out(step({ name: 'base' })),
          out(step({ name: 'fetch', ignoreCache, run: () => [`v${version}`] })),
        ),
      );
    await machine.solve([build(false)]);
    version = 2;
    await machine.solve([build(true)]);

    const again = out(
      copy('copy', out(step({ name: 'base' })), out(step({ name: 'other', run: () => ['v1'] }))),
    );
    expect(await machine.solve([again])).toEqual(['copy(base(),v1)']);
  });
});

describe('results that vanished', () => {
  test('count as a miss, are released, and are made again', async () => {
    const machine = createMachine();
    const end = out(chain('a', 'b'));
    await machine.solve([end]);
    const [gone] = [...machine.saved].filter(([, { text }]) => text === 'b(a())').map(([id]) => id);
    machine.saved.delete(gone as string);
    machine.forget();

    expect(await machine.solve([end])).toEqual(['b(a())']);
    expect(machine.executed).toEqual(['b']);
    expect(machine.loaded).toEqual(['a()']);
    machine.forget();
    await machine.solve([end]);
    expect(machine.executed).toEqual([]);
  });

  test('of a whole chain are made again from its start', async () => {
    const machine = createMachine();
    const end = out(chain('a', 'b', 'c'));
    await machine.solve([end]);
    machine.saved.clear();
    machine.forget();

    expect(await machine.solve([end])).toEqual(['c(b(a()))']);
    expect(machine.executed).toEqual(['a', 'b', 'c']);
  });

  test('fall back to an older result of the same key', async () => {
    const machine = createMachine();
    const build = (ignoreCache: boolean): Edge => out(step({ name: 'a', ignoreCache }));
    await machine.solve([build(false)]);
    await machine.solve([build(true)]);
    const newest = [...machine.saved.keys()].at(-1) as string;
    machine.saved.delete(newest);
    machine.forget();

    await machine.solve([build(false)]);

    expect(machine.executed).toEqual([]);
    expect(machine.loaded).toHaveLength(1);
  });
});
