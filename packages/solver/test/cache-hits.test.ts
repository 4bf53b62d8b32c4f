// SPDX-License-Identifier: MIT

import type { Edge, Vertex } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { contentKey, recordDigest } from '../src/index.ts';
import { createMachine, digestOf, type FakeInput, out, step } from './fake-build.ts';

function chain(...names: readonly string[]): Vertex {
  let last: Vertex | undefined;
  for (const name of names) last = step({ name, inputs: last === undefined ? [] : [{ from: out(last) }] });
  return last as Vertex;
}

/** A Dockerfile-like COPY: the base by definition, the files by content. */
function copy(name: string, base: Edge, files: Edge): Vertex {
  return step({ name, inputs: [{ from: base }, { from: files, selector: '/', content: true }] });
}

/** A context: another key in every build, its files in `text`. */
function context(text: string, build: number): Vertex {
  return step({ name: 'context', seeds: [`random:${build}`], run: () => [text] });
}

describe('definition-based keys', () => {
  test('execute a chain once and find its end afterwards without touching the rest', async () => {
    const machine = createMachine();
    const end = out(chain('a', 'b', 'c'));

    expect(await machine.solve([end])).toEqual(['c(b(a()))']);
    expect(machine.executed).toEqual(['a', 'b', 'c']);
    machine.forget();

    expect(await machine.solve([end])).toEqual(['c(b(a()))']);
    expect(machine.executed).toEqual([]);
    expect(machine.loaded).toEqual(['c(b(a()))']);
    expect(machine.outcomes()).toEqual({ a: 'cached', b: 'cached', c: 'cached' });
  });

  test('load only the step before the first one that changed', async () => {
    const machine = createMachine();
    await machine.solve([out(chain('a', 'b', 'c'))]);
    machine.forget();

    expect(await machine.solve([out(chain('a', 'b', 'x', 'y'))])).toEqual(['y(x(b(a())))']);
    expect(machine.executed).toEqual(['x', 'y']);
    expect(machine.loaded).toEqual(['b(a())']);
    expect(machine.outcomes()).toEqual({ a: 'cached', b: 'cached', x: 'done', y: 'done' });
  });

  test('are record digests in BuildKit form', async () => {
    const machine = createMachine();
    const base = step({ name: 'base' });
    await machine.solve([out(copy('copy', out(base), out(context('files', 1))))]);

    const root = recordDigest(digestOf('base'), 0);
    expect(root).toBe(digestOf(`${digestOf('base')}@0`));
    expect(contentKey(digestOf('files'))).toBe(digestOf(`${digestOf('files')}@-1`));
    const [target] = machine.keys.targets(root, { input: 0, digest: recordDigest(digestOf('copy'), 0) });
    const sources = machine.keys
      .backlinks(target as string)
      .map(({ source, link }) => [source, link.input, link.selector]);
    expect(sources.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      [root, 0, undefined],
      [contentKey(digestOf('files')), 1, undefined],
    ]);
  });

  test('differ by selector', async () => {
    const machine = createMachine();
    const source = step({ name: 'source' });
    const use = (selector: string): Edge =>
      out(step({ name: 'use', inputs: [{ from: out(source), selector }] }));
    await machine.solve([use('/a')]);
    machine.forget();

    await machine.solve([use('/b')]);
    await machine.solve([use('/a')]);

    expect(machine.executed).toEqual(['use']);
  });

  test('differ by output', async () => {
    const machine = createMachine();
    const source = step({ name: 'source', run: () => ['left', 'right'] });
    const use = (index: number): Edge => out(step({ name: 'use', inputs: [{ from: out(source, index) }] }));

    expect(await machine.solve([use(0), use(1)])).toEqual(['use(left)', 'use(right)']);
    expect(machine.executed).toEqual(['source', 'use', 'use']);
    machine.forget();
    expect(await machine.solve([use(1), use(0), out(source, 1)])).toEqual([
      'use(right)',
      'use(left)',
      'right',
    ]);
    expect(machine.executed).toEqual([]);
  });

  test('share a diamond', async () => {
    const machine = createMachine();
    const top = step({ name: 'top' });
    const sides = ['left', 'right'].map(
      (name): FakeInput => ({ from: out(step({ name, inputs: [{ from: out(top) }] })) }),
    );
    const bottom = out(step({ name: 'bottom', inputs: sides }));

    expect(await machine.solve([bottom])).toEqual(['bottom(left(top()),right(top()))']);
    expect(machine.executed.toSorted()).toEqual(['bottom', 'left', 'right', 'top']);
  });
});

describe('content-based keys', () => {
  test('hit for equal content although the definition changed, without executing or loading the base', async () => {
    const machine = createMachine();
    const base = out(step({ name: 'base' }));
    await machine.solve([out(copy('copy', base, out(context('files', 1))))]);
    machine.forget();

    expect(await machine.solve([out(copy('copy', base, out(context('files', 2))))])).toEqual([
      'copy(base(),files)',
    ]);
    expect(machine.executed).toEqual(['context']);
    expect(machine.loaded).toEqual(['copy(base(),files)']);
    expect(machine.outcomes()).toEqual({ base: 'cached', context: 'done', copy: 'cached' });
  });

  test('go through a chain of copies and load only its end', async () => {
    const machine = createMachine();
    const build = (at: number): Edge => {
      const first = copy('one', out(step({ name: 'base' })), out(context('files', at)));
      const second = copy('two', out(first), out(context('files', at)));
      return out(step({ name: 'run', inputs: [{ from: out(second) }] }));
    };
    await machine.solve([build(1)]);
    machine.forget();

    await machine.solve([build(2)]);

    expect(machine.executed).toEqual(['context']);
    expect(machine.loaded).toHaveLength(1);
  });

  test('make the definition-based key lead to the same result afterwards', async () => {
    const machine = createMachine();
    const made = (name: string): Edge => out(step({ name, run: () => ['same'] }));
    const base = out(step({ name: 'base' }));
    await machine.solve([out(copy('copy', base, made('first')))]);
    await machine.solve([out(copy('copy', base, made('second')))]);
    machine.forget();

    await machine.solve([out(copy('copy', base, made('second')))]);

    expect([machine.executed, machine.hashed]).toEqual([[], []]);
    expect(machine.loaded).toHaveLength(1);
  });

  test('are not computed for an input whose definition-based key matched', async () => {
    const machine = createMachine();
    const stable = out(step({ name: 'stable' }));
    const build = (at: number): Edge =>
      out(
        step({
          name: 'use',
          inputs: [
            { from: stable, content: true },
            { from: out(context('files', at)), content: true },
          ],
        }),
      );
    await machine.solve([build(1)]);
    machine.forget();

    await machine.solve([build(2)]);

    expect(machine.hashed).toEqual(['use/1']);
    expect(machine.executed).toEqual(['context']);
  });

  test('execute again when the content differs, and what follows only if its content differs', async () => {
    const machine = createMachine();
    const build = (files: string, at: number): Edge => {
      const compiled = step({
        name: 'compile',
        inputs: [{ from: out(context(files, at)), content: true }],
        run: ([text]) => [(text as string).slice(0, 1)],
      });
      return out(copy('pack', out(step({ name: 'base' })), out(compiled)));
    };
    await machine.solve([build('abc', 1)]);
    machine.forget();

    expect(await machine.solve([build('axy', 2)])).toEqual(['pack(base(),a)']);
    expect(machine.executed).toEqual(['context', 'compile']);
    expect(machine.outcomes()).toMatchObject({ compile: 'done', pack: 'cached', base: 'cached' });
  });

  test('store nothing under keys that live for one build only', async () => {
    const machine = createMachine();
    const dependent = step({ name: 'dependent', inputs: [{ from: out(context('files', 1)) }] });

    await machine.solve([out(dependent)]);

    expect(machine.saved.size).toBe(0);
    machine.forget();
    await machine.solve([out(dependent)]);
    expect(machine.executed).toEqual(['context', 'dependent']);
  });
});

describe('several cache maps', () => {
  const image = (index: string, layers: string): Vertex => step({ name: 'image', seeds: [index, layers] });
  const run = (from: Vertex): Edge => out(step({ name: 'run', inputs: [{ from: out(from) }] }));

  test('ask for the second one only when the first finds nothing', async () => {
    const machine = createMachine();
    await machine.solve([run(image('index-1', 'layers'))]);
    expect(machine.mapped).toContain('image/1');
    machine.forget();

    await machine.solve([run(image('index-1', 'layers'))]);

    expect(machine.mapped).not.toContain('image/1');
    expect(machine.executed).toEqual([]);
  });

  test('hit by the second one when the first has changed', async () => {
    const machine = createMachine();
    await machine.solve([run(image('index-1', 'layers'))]);
    machine.forget();

    await machine.solve([run(image('index-2', 'layers'))]);

    expect(machine.executed).toEqual([]);
    expect(machine.mapped).toContain('image/1');
  });
});
