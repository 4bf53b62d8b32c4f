// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheKeyStore,
  Clock,
  Edge,
  Locks,
  OpResolver,
  Report,
  Result,
  ResultStore,
} from '@img-build/interfaces';
import { createCompletion } from './completion.ts';
import { type EdgeNode, type Graph, layOutGraph, type VertexNode } from './graph.ts';
import { createKeyLookup } from './key-lookup.ts';
import { type OutcomeFinder, outcomeFinder, outcomeOf, type VertexOutcome } from './outcome.ts';
import { createProgress, type Progress } from './progress.ts';
import { createSearch } from './search.ts';
import { createSlots } from './slots.ts';
import type { SolverError } from './solver-error.ts';
import { createWork, type Work } from './work.ts';

/** What a solver works with. */
export interface SolverOptions {
  readonly resolveOp: OpResolver;
  readonly keys: CacheKeyStore;
  readonly results: ResultStore;
  readonly report?: Report | undefined;
  /** How many ops of weight `heavy` may execute at once; unbounded by default. */
  readonly parallelism?: number | undefined;
  /** Lets other processes on the same cache wait for a step instead of doing it again. */
  readonly locks?: Locks | undefined;
  readonly clock?: Clock | undefined;
}

/** How to solve. */
export interface SolveOptions extends AbortOptions {
  /** Called for each vertex, inputs first, after success. */
  readonly onOutcome?: ((outcome: VertexOutcome) => void) | undefined;
  /** The same after a failure: what was executed and has no result has failed, or was stopped. */
  readonly onFailedOutcome?: ((outcome: VertexOutcome) => void) | undefined;
  /**
   * Called before a vertex is executed, with its inputs complete; `find` tells what is known of another vertex of
   * the graph by then. What it throws fails the vertex, which is then not executed.
   */
  readonly beforeExecute?: ((outcome: VertexOutcome, find: OutcomeFinder) => Promise<void>) | undefined;
}

/** Turns edges of a graph into results. Holds no state between solves but its parallelism. */
export interface Solver {
  /**
   * Solves the edges and gives their results in order. When it settles, no op is working any more.
   *
   * @throws SolverError `SOLVER_VERTEX_FAILED` for the first vertex that failed, `SOLVER_GRAPH_CYCLIC`; when aborted,
   *   `signal.reason`
   * @see BuildKit, docs/dev/solver.md
   */
  solve(edges: readonly Edge[], options?: SolveOptions): Promise<readonly Result[]>;
}

/** Makes a solver. */
export function createSolver(options: SolverOptions): Solver {
  const { report = () => undefined, clock = Date.now, parallelism = Number.POSITIVE_INFINITY } = options;
  const slots = createSlots(parallelism);
  const lookup = createKeyLookup(options.keys);

  function prepare(
    progress: Progress,
    work: Work,
    beforeExecute: ((node: VertexNode) => Promise<void>) | undefined,
  ): { readonly complete: (edge: EdgeNode) => Promise<Result>; start(graph: Graph): void } {
    const contextOf = ({ vertex }: VertexNode) => ({ vertex, report, signal: work.signal });
    const search = createSearch({ work, lookup, contextOf, complete: (edge) => complete(edge) });
    const { keys, results, locks } = options;
    const complete = createCompletion({
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
    });
    // Inputs first, so that each finds the search of its inputs already begun.
    const start = ({ nodes }: Graph): void => {
      for (const { edges } of nodes) for (const edge of edges.values()) void search.probe(edge, 'definition');
    };
    return { complete, start };
  }

  return {
    async solve(edges, { signal, onOutcome, onFailedOutcome, beforeExecute } = {}) {
      signal?.throwIfAborted();
      const graph = layOutGraph(edges, options.resolveOp);
      const progress = createProgress(report, clock);
      const work = createWork(progress, signal);
      const find = outcomeFinder(graph);
      const { complete, start } = prepare(
        progress,
        work,
        beforeExecute && ((node) => beforeExecute(outcomeOf(node), find)),
      );
      progress.added(graph.nodes);
      try {
        start(graph);
        const results = await Promise.all(graph.requested.map(complete));
        await work.end();
        for (const node of graph.nodes)
          if (progress.isUntouched(node)) progress.completed(node, { cached: true });
        if (onOutcome !== undefined) for (const node of graph.nodes) onOutcome(outcomeOf(node));
        return results;
      } catch (error) {
        await work.end();
        if (onFailedOutcome !== undefined) for (const node of graph.nodes) onFailedOutcome(outcomeOf(node));
        throw reasonOf(error, { work, signal });
      } finally {
        for (const node of graph.nodes)
          if (progress.isStarted(node)) progress.completed(node, { canceled: true });
      }
    },
  };
}

function reasonOf(
  error: unknown,
  { work, signal }: { readonly work: Work; readonly signal: AbortSignal | undefined },
): unknown {
  const failure: SolverError | undefined = work.failure();
  if (failure !== undefined) return failure;
  return signal?.aborted === true ? signal.reason : error;
}
