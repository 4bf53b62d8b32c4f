// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import type { Clock, Report } from '@img-build/interfaces';
import type { VertexNode } from './graph.ts';

/** Reports what becomes of each vertex. */
export interface Progress {
  added(nodes: readonly VertexNode[]): void;
  started(node: VertexNode): void;
  /** Of a vertex that was not started, reports the start as well. */
  completed(
    node: VertexNode,
    outcome?: { readonly cached?: boolean; readonly canceled?: boolean; readonly error?: unknown },
  ): void;
  isStarted(node: VertexNode): boolean;
  /** Neither started nor completed. */
  isUntouched(node: VertexNode): boolean;
  /** Reports the vertex and all before it that `isCached` as cached, if nothing was reported about them yet. */
  cached(node: VertexNode, isCached: (node: VertexNode) => boolean): void;
}

/** Makes the progress of one solve. */
export function createProgress(report: Report, clock: Clock): Progress {
  const state = new Map<VertexNode, 'started' | 'completed'>();
  const visited = new Set<VertexNode>();

  const progress: Progress = {
    added(nodes) {
      for (const { vertex } of nodes) {
        report({
          type: 'vertex-added',
          vertex: vertex.digest,
          name: vertex.name,
          inputs: vertex.inputs.map((input) => input.vertex.digest),
        });
      }
    },
    started(node) {
      if (state.get(node) === 'started') return;
      state.set(node, 'started');
      report({ type: 'vertex-started', vertex: node.vertex.digest, at: clock() });
    },
    completed(node, { cached = false, canceled, error } = {}) {
      if (state.get(node) === 'completed') return;
      progress.started(node);
      state.set(node, 'completed');
      report({
        type: 'vertex-completed',
        vertex: node.vertex.digest,
        at: clock(),
        cached,
        ...(error === undefined ? {} : { error: messageOf(error) }),
        ...(canceled === undefined ? {} : { canceled }),
      });
    },
    isStarted: (node) => state.get(node) === 'started',
    isUntouched: (node) => !state.has(node),
    cached(node, isCached) {
      if (state.get(node) === undefined) progress.completed(node, { cached: true });
      const queue = [...node.inputs];
      for (let edge = queue.pop(); edge !== undefined; edge = queue.pop()) {
        const upstream = edge.node;
        if (visited.has(upstream)) continue;
        visited.add(upstream);
        if (state.get(upstream) === undefined && isCached(upstream))
          progress.completed(upstream, { cached: true });
        queue.push(...upstream.inputs);
      }
    },
  };
  return progress;
}
