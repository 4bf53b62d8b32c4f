// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type {
  BuildEvent,
  CacheKeyStore,
  Edge,
  Locks,
  Op,
  OpContext,
  Result,
  Vertex,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { createMemoryCacheKeyStore } from '@img-build/testkit';
import { createSolver, type SolveOptions, type Solver } from '../src/index.ts';

/** A result that is just a text. */
export interface TextResult extends Result {
  readonly text: string;
}

/** How an input is used. */
export interface FakeInput {
  readonly from: Edge;
  readonly selector?: string;
  /** Key the input by its text as well. */
  readonly content?: boolean;
}

/** A vertex whose output is a text made of its inputs' texts. */
export interface FakeStep {
  readonly name: string;
  readonly inputs?: readonly FakeInput[];
  /** Seeds of the cache maps; the name by default. Starting with `random:` makes it ephemeral. */
  readonly seeds?: readonly string[];
  /** Outputs by index; by default one: the name and the inputs in parentheses. */
  readonly run?: (
    inputs: readonly string[],
    context: OpContext,
  ) => readonly string[] | Promise<readonly string[]>;
  readonly mapFailure?: Error;
  readonly ignoreCache?: boolean;
  readonly heavy?: boolean;
}

/** Digest of a text, as everything here is keyed. */
export function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Makes a vertex; its digest covers what the definition says. */
export function step(fake: FakeStep): Vertex {
  const inputs = fake.inputs ?? [];
  const definition = JSON.stringify([
    fake.name,
    fake.seeds,
    fake.ignoreCache,
    inputs.map(({ from, selector }) => [from.vertex.digest, from.index, selector]),
  ]);
  return {
    digest: digestOf(definition),
    name: fake.name,
    inputs: inputs.map(({ from }) => from),
    payload: fake,
    ignoreCache: fake.ignoreCache,
  };
}

/** The first output of a vertex. */
export function out(vertex: Vertex, index = 0): Edge {
  return { vertex, index };
}

/** Options of {@link createMachine}. */
export interface MachineOptions {
  readonly keys?: CacheKeyStore;
  readonly saved?: Map<string, TextResult>;
  readonly locks?: Locks;
  readonly parallelism?: number;
}

/** A solver on a cache that outlives its solves, with a record of what it did since the last {@link Machine.forget}. */
export interface Machine {
  readonly solver: Solver;
  readonly keys: CacheKeyStore;
  readonly saved: Map<string, TextResult>;
  readonly events: BuildEvent[];
  /** Names of the steps, in order. */
  readonly executed: string[];
  readonly loaded: string[];
  readonly hashed: string[];
  /** `name/index` of each cache map asked for. */
  readonly mapped: string[];
  solve(edges: readonly Edge[], options?: SolveOptions): Promise<readonly string[]>;
  forget(): void;
  /** What was reported last about each completed step. */
  outcomes(): Readonly<Record<string, 'cached' | 'done' | 'canceled' | 'failed'>>;
}

/** Makes a machine. */
export function createMachine(options: MachineOptions = {}): Machine {
  const keys = options.keys ?? createMemoryCacheKeyStore();
  const saved = options.saved ?? new Map<string, TextResult>();
  const events: BuildEvent[] = [];
  const executed: string[] = [];
  const loaded: string[] = [];
  const hashed: string[] = [];
  const mapped: string[] = [];
  let now = 1_000;
  let serial = 0;

  function resolveOp(vertex: Vertex): Op {
    const { inputs = [], seeds, run, mapFailure, heavy, name } = vertex.payload as FakeStep;
    const maps = seeds ?? [name];
    const dependencies = inputs.map(({ selector, content }, at) => ({
      selector: selector === undefined ? undefined : digestOf(selector),
      contentDigest:
        content === true
          ? async (input: Result) => {
              hashed.push(`${name}/${at}`);
              return digestOf((input as TextResult).text);
            }
          : undefined,
    }));
    return {
      weight: heavy === true ? 'heavy' : undefined,
      async cacheMap(index) {
        mapped.push(`${name}/${index}`);
        if (mapFailure !== undefined) throw mapFailure;
        const seed = maps[index] as string;
        return {
          digest: seed.startsWith('random:') ? (seed as Digest) : digestOf(seed),
          dependencies,
          done: index === maps.length - 1,
        };
      },
      async execute(results, context) {
        executed.push(name);
        const texts = results.map((result) => (result as TextResult).text);
        const outputs = run === undefined ? [`${name}(${texts.join(',')})`] : await run(texts, context);
        return outputs.map((text): TextResult => ({ id: `live-${serial++}`, text }));
      },
    };
  }

  const results = {
    async load(id: string) {
      const found = saved.get(id);
      if (found !== undefined) loaded.push(found.text);
      return found;
    },
    async save(result: Result) {
      const id = `saved-${saved.size}-${digestOf((result as TextResult).text).slice(7, 15)}`;
      saved.set(id, { id, text: (result as TextResult).text });
      return id;
    },
  };
  const solver = createSolver({
    resolveOp,
    keys,
    results,
    report: (event) => events.push(event),
    parallelism: options.parallelism,
    locks: options.locks,
    clock: () => now++,
  });
  return {
    solver,
    keys,
    saved,
    events,
    executed,
    loaded,
    hashed,
    mapped,
    solve: async (edges, solveOptions) =>
      (await solver.solve(edges, solveOptions)).map((result) => (result as TextResult).text),
    forget() {
      for (const list of [events, executed, loaded, hashed, mapped]) list.length = 0;
    },
    outcomes: () => outcomesOf(events),
  };
}

function outcomesOf(
  events: readonly BuildEvent[],
): Readonly<Record<string, 'cached' | 'done' | 'canceled' | 'failed'>> {
  const names = new Map<Digest, string>();
  const outcomes: Record<string, 'cached' | 'done' | 'canceled' | 'failed'> = {};
  for (const event of events) {
    if (event.type === 'vertex-added') names.set(event.vertex, event.name);
    if (event.type !== 'vertex-completed') continue;
    const name = names.get(event.vertex) as string;
    if (event.error !== undefined) outcomes[name] = 'failed';
    else if (event.canceled === true) outcomes[name] = 'canceled';
    else outcomes[name] = event.cached ? 'cached' : 'done';
  }
  return outcomes;
}
