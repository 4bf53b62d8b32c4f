// SPDX-License-Identifier: MIT

import type { Edge, Vertex } from '@img-build/interfaces';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMachine, digestOf, out, step } from './fake-build.ts';

interface Plan {
  /** Earlier steps, as numbers of any size; empty for the first step. */
  readonly inputs: readonly {
    readonly from: number;
    readonly content: boolean;
    readonly selected: boolean;
    readonly output: number;
  }[];
  /** Only so many different texts come out, so that changed definitions often give equal content. */
  readonly texts: number;
  readonly ephemeral: boolean;
  readonly ignoreCache: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  inputs: fc.array(
    fc.record({ from: fc.nat(99), content: fc.boolean(), selected: fc.boolean(), output: fc.nat(1) }),
    { maxLength: 3 },
  ),
  texts: fc.constantFrom(1, 2, 1_000_000),
  ephemeral: fc.boolean(),
  ignoreCache: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
});
const plans = fc.array(plan, { minLength: 1, maxLength: 14 });

interface Version {
  readonly build: number;
  /** The source text of each step. */
  readonly sources: readonly number[];
  readonly honourIgnore: boolean;
}

function textOf(content: string, texts: number): string {
  return `t${Number.parseInt(digestOf(content).slice(7, 17), 16) % texts}`;
}

function layOut(steps: readonly Plan[], { build, sources, honourIgnore }: Version): readonly Vertex[] {
  const vertices: Vertex[] = [];
  for (const [at, { inputs, texts, ephemeral, ignoreCache }] of steps.entries()) {
    const used = at === 0 ? [] : inputs;
    const source = `${at}:${sources[at] ?? 0}`;
    const isContext = ephemeral && used.length === 0;
    vertices.push(
      step({
        name: String(at),
        seeds: [isContext ? `random:${source}/${build}` : source],
        ignoreCache: honourIgnore && ignoreCache,
        inputs: used.map(({ from, content, selected, output }) => ({
          from: out(vertices[from % at] as Vertex, output),
          content,
          ...(selected ? { selector: '/' } : {}),
        })),
        run: (texts_) => [0, 1].map((output) => textOf(JSON.stringify([source, output, texts_]), texts)),
      }),
    );
  }
  return vertices;
}

function requested(vertices: readonly Vertex[]): readonly Edge[] {
  return [out(vertices.at(-1) as Vertex, 1), out(vertices[Math.floor(vertices.length / 2)] as Vertex)];
}

function reachable(edges: readonly Edge[]): ReadonlySet<Vertex> {
  const found = new Set<Vertex>();
  const visit = (vertex: Vertex): void => {
    if (found.has(vertex)) return;
    found.add(vertex);
    for (const input of vertex.inputs) visit(input.vertex);
  };
  for (const { vertex } of edges) visit(vertex);
  return found;
}

test('a cache of any history gives what no cache gives', async () => {
  const change = fc.record({
    sources: fc.array(fc.nat(1), { minLength: 14, maxLength: 14 }),
    vanish: fc.array(fc.nat(30), { maxLength: 6 }),
    honourIgnore: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plans, fc.array(change, { minLength: 2, maxLength: 5 }), async (steps, changes) => {
      const machine = createMachine();
      for (const [build, { sources, vanish, honourIgnore }] of changes.entries()) {
        const edges = requested(layOut(steps, { build, sources, honourIgnore }));
        for (const at of vanish) machine.saved.delete([...machine.saved.keys()][at] ?? '');

        const cached = await machine.solve(edges);

        expect(cached).toEqual(await createMachine().solve(edges));
      }
    }),
    { numRuns: 300 },
  );
});

test('a second run executes nothing but what lives for one build, and every step is reported once', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (steps) => {
      const machine = createMachine();
      const lasting = steps.map((each) => ({ ...each, ephemeral: false, ignoreCache: false }));
      const edges = requested(layOut(lasting, { build: 0, sources: [], honourIgnore: true }));
      await machine.solve(edges);
      machine.forget();

      await machine.solve(edges);

      expect(machine.executed).toEqual([]);
      expect(machine.hashed).toEqual([]);
      const completed = machine.events.filter((event) => event.type === 'vertex-completed');
      expect(completed).toHaveLength(reachable(edges).size);
      expect(completed.every((event) => event.cached)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a change executes exactly what it reaches by definition or by content', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(13), async (steps, changed) => {
      const machine = createMachine();
      const plain = steps.map((each) => ({ ...each, ephemeral: false, ignoreCache: false }));
      const sources = plain.map((_, at) => (at === changed % plain.length ? 1 : 0));
      const before = await textsOf(plain, []);
      const after = await textsOf(plain, sources);
      await machine.solve(requested(layOut(plain, { build: 0, sources: [], honourIgnore: true })));
      machine.forget();
      const vertices = layOut(plain, { build: 1, sources, honourIgnore: true });

      await machine.solve(requested(vertices));

      const dirty = new Set<number>();
      for (const [at, { inputs }] of plain.entries()) {
        const reached = (at === 0 ? [] : inputs).some(({ from, content, output }) => {
          const input = from % at;
          return content ? before[input]?.[output] !== after[input]?.[output] : dirty.has(input);
        });
        if (sources[at] === 1 || reached) dirty.add(at);
      }
      const expected = [...reachable(requested(vertices))]
        .map(({ name }) => Number(name))
        .filter((at) => dirty.has(at));
      expect(machine.executed.map(Number).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

/** Both outputs of every step, computed without a cache. */
async function textsOf(
  steps: readonly Plan[],
  sources: readonly number[],
): Promise<readonly (readonly string[])[]> {
  const vertices = layOut(steps, { build: 0, sources, honourIgnore: false });
  const flat = await createMachine().solve(vertices.flatMap((vertex) => [out(vertex, 0), out(vertex, 1)]));
  return steps.map((_, at) => flat.slice(at * 2, at * 2 + 2));
}
