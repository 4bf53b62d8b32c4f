// SPDX-License-Identifier: MIT
import type {
  BuildEvent,
  CacheKeyStore,
  Clock,
  Locks,
  OpContext,
  Report,
  Result,
  ResultStore,
} from '@img-build/interfaces';
import { isEphemeral } from './cache-key.ts';
import type { EdgeNode, VertexNode } from './graph.ts';
import { type KeyLookup, stepKey } from './key-lookup.ts';
import type { Progress } from './progress.ts';
import { handled, SEARCH_LEVELS, type Search } from './search.ts';
import type { Slots } from './slots.ts';
import { SolverError } from './solver-error.ts';
import type { Work } from './work.ts';

/** What completing edges needs. */
export interface CompletionDependencies {
  readonly work: Work;
  readonly search: Search;
  readonly lookup: KeyLookup;
  readonly keys: CacheKeyStore;
  readonly results: ResultStore;
  readonly progress: Progress;
  readonly report: Report;
  readonly slots: Slots;
  readonly locks: Locks | undefined;
  readonly clock: Clock;
  readonly contextOf: (node: VertexNode) => OpContext;
  readonly beforeExecute?: ((node: VertexNode) => Promise<void>) | undefined;
}

/** Gives edges their results: from the cache, from equal work of another vertex, or by executing the vertex. */
export function createCompletion(dependencies: CompletionDependencies): (edge: EdgeNode) => Promise<Result> {
  const {
    work,
    search,
    lookup,
    keys,
    results,
    progress,
    report,
    slots,
    locks,
    clock,
    contextOf,
    beforeExecute,
  } = dependencies;
  const loads = new Map<string, Promise<Result | undefined>>();
  const active = new Map<string, VertexNode>();

  async function load(node: VertexNode, id: string): Promise<Result | undefined> {
    const result = await work.attempt(node, () => results.load(id));
    if (result === undefined) keys.releaseResult(id);
    return result;
  }

  /** Takes the newest stored result that can still be loaded. */
  async function fromCache(edge: EdgeNode): Promise<boolean> {
    if (edge.result !== undefined) return true;
    for (const { id } of lookup.results(edge)) {
      let loading = loads.get(id);
      if (loading === undefined) {
        loading = handled(load(edge.node, id));
        loads.set(id, loading);
      }
      const result = await loading;
      if (result === undefined) continue;
      edge.result = result;
      if (edge.node.fate === 'untouched') edge.node.fate = 'cached';
      if (!progress.isStarted(edge.node))
        progress.cached(edge.node, ({ edges }) =>
          [...edges.values()].every((known) => lookup.results(known).length > 0),
        );
      return true;
    }
    return false;
  }

  async function searchAndLoad(edge: EdgeNode): Promise<boolean> {
    let tried = 0;
    for (const level of SEARCH_LEVELS) {
      await search.probe(edge, level);
      if (edge.keys.size > tried && (await fromCache(edge))) return true;
      tried = edge.keys.size;
    }
    await search.byContent(edge);
    return fromCache(edge);
  }

  async function complete(edge: EdgeNode): Promise<Result> {
    await Promise.resolve();
    const { node } = edge;
    const cached = node.vertex.ignoreCache !== true && (await searchAndLoad(edge));
    if (!cached) await (node.tasks.execution ??= handled(obtain(node)));
    if (edge.result === undefined) {
      return work.attempt(node, () =>
        Promise.reject(new SolverError(`has no output ${edge.index}`, { code: 'SOLVER_OUTPUT_MISSING' })),
      );
    }
    return edge.result;
  }

  /** Completes the inputs, then shares, finds or makes the results of all outputs. */
  async function obtain(node: VertexNode): Promise<void> {
    await search.allMaps(node);
    const inputs = await Promise.all(node.inputs.map(completeOnce));
    await Promise.all(node.inputs.map((_, input) => search.content(node, input)));
    const key = stepKey(node, 0);
    const slot = `${node.vertex.ignoreCache === true ? '!' : ''}${key}`;
    const twin = active.get(slot);
    if (twin !== undefined) return work.attempt(node, () => share(node, { twin, inputs }));
    active.set(slot, node);
    await work.attempt(node, () => findOrExecute(node, { inputs, key }));
  }

  async function share(
    node: VertexNode,
    { twin, inputs }: { readonly twin: VertexNode; readonly inputs: readonly Result[] },
  ): Promise<void> {
    await twin.tasks.execution;
    for (const [index, edge] of node.edges) {
      const other = twin.edges.get(index);
      if (other?.result === undefined) return execute(node, inputs);
      edge.result ??= other.result;
      edge.identity = other.identity ?? stepKey(node, index);
      for (const key of other.keys) edge.keys.add(key);
    }
    node.fate = 'merged';
    progress.completed(node, { cached: true });
  }

  async function findOrExecute(
    node: VertexNode,
    { inputs, key }: { readonly inputs: readonly Result[]; readonly key: string },
  ): Promise<void> {
    const release = await lockStep(node, key);
    try {
      if (node.vertex.ignoreCache !== true && (await allFound(node))) {
        progress.completed(node, { cached: true });
        return;
      }
      await execute(node, inputs);
    } finally {
      release?.();
    }
  }

  /** The content of inputs, or another process, may have made what the search before could not find. */
  async function allFound(node: VertexNode): Promise<boolean> {
    for (const edge of node.edges.values()) {
      lookup.search(edge);
      if (!(await fromCache(edge))) return false;
    }
    return true;
  }

  async function lockStep(node: VertexNode, key: string): Promise<(() => void) | undefined> {
    if (locks === undefined || node.maps.every(({ digest }) => isEphemeral(digest))) return undefined;
    let waiting: Extract<BuildEvent, { readonly type: 'status-progressed' }> | undefined;
    const release = await locks.acquire(`step-${key.slice(key.indexOf(':') + 1)}`, {
      signal: work.signal,
      onWait: (holder) => {
        progress.started(node);
        waiting = {
          type: 'status-progressed',
          vertex: node.vertex.digest,
          id: `waiting for another build${holder === undefined ? '' : ` (pid ${holder})`} that executes this step`,
          current: 0,
          startedAt: clock(),
          blocks: true,
        };
        report(waiting);
      },
    });
    if (waiting !== undefined) report({ ...waiting, completedAt: clock() });
    return release;
  }

  async function execute(node: VertexNode, inputs: readonly Result[]): Promise<void> {
    const release = node.op.weight === 'heavy' ? await slots.take(work.signal) : undefined;
    try {
      work.signal.throwIfAborted();
      node.fate = 'executed';
      if (beforeExecute !== undefined) await beforeExecute(node);
      progress.started(node);
      await keep(node, await node.op.execute(inputs, contextOf(node)));
      progress.completed(node);
    } finally {
      release?.();
    }
  }

  async function keep(node: VertexNode, outputs: readonly Result[]): Promise<void> {
    lookup.name(node);
    const stored = [];
    for (const edge of node.edges.values()) {
      const result = outputs[edge.index];
      if (result === undefined) continue;
      edge.result ??= result;
      if (edge.keys.size > 0)
        stored.push({ edge, entry: { id: await results.save(result), createdAt: clock() } });
    }
    if (stored.length > 0) lookup.store(stored);
  }

  const completeOnce = (edge: EdgeNode): Promise<Result> =>
    (edge.tasks.completion ??= handled(complete(edge)));
  return completeOnce;
}
