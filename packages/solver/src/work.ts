// SPDX-License-Identifier: MIT
import type { VertexNode } from './graph.ts';
import type { Progress } from './progress.ts';
import { SolverError, vertexError } from './solver-error.ts';

/** Everything asynchronous a solve does; one failure stops all of it. */
export interface Work {
  /** Aborts when the solve is aborted, fails or ends. */
  readonly signal: AbortSignal;
  /** Runs a piece of work of a vertex. What it throws fails the solve, as an error of that vertex. */
  attempt<T>(node: VertexNode, piece: () => Promise<T>): Promise<T>;
  /** Stops what is still running and waits for it. */
  end(): Promise<void>;
  /** The first failure. */
  failure(): SolverError | undefined;
}

/** Makes the work of one solve. */
export function createWork(progress: Progress, outer: AbortSignal | undefined): Work {
  const controller = new AbortController();
  const { signal } = controller;
  const running = new Set<Promise<unknown>>();
  let failure: SolverError | undefined;

  const forward = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) forward();
  outer?.addEventListener('abort', forward, { once: true });

  function fail(node: VertexNode, error: unknown): never {
    if (signal.aborted) throw signal.reason;
    failure = vertexError('SOLVER_VERTEX_FAILED', node.vertex, error);
    progress.completed(node, { error });
    controller.abort(
      new SolverError(`canceled because ${node.vertex.name} failed`, {
        code: 'SOLVER_CANCELED',
        cause: failure,
      }),
    );
    throw failure;
  }

  return {
    signal,
    async attempt(node, piece) {
      signal.throwIfAborted();
      const promise = (async () => piece())();
      running.add(promise);
      try {
        return await promise;
      } catch (error) {
        return fail(node, error);
      } finally {
        running.delete(promise);
      }
    },
    async end() {
      if (!signal.aborted)
        controller.abort(
          new SolverError('canceled because its result is not needed', { code: 'SOLVER_CANCELED' }),
        );
      while (running.size > 0) await Promise.allSettled([...running]);
      outer?.removeEventListener('abort', forward);
    },
    failure: () => failure,
  };
}
