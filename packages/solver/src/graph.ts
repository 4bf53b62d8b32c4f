// SPDX-License-Identifier: MIT
import type { CacheMap, Edge, Op, OpResolver, Result, Vertex } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { SolverError, vertexError } from './solver-error.ts';

/** How a vertex got its results; `untouched` when something after it was found in the cache. */
export type VertexFate = 'executed' | 'cached' | 'merged' | 'untouched';

/** A vertex and what one solve has learnt about it. */
export interface VertexNode {
  readonly vertex: Vertex;
  readonly op: Op;
  readonly inputs: readonly EdgeNode[];
  /** The outputs that this graph uses. */
  readonly edges: Map<number, EdgeNode>;
  /** Cache maps known so far; more may follow while the last is not `done`. */
  readonly maps: CacheMap[];
  /** Content digest per input, once computed. */
  readonly contents: (Digest | undefined)[];
  fate: VertexFate;
  /** One promise per piece of work, so that none is done twice. */
  readonly tasks: {
    firstMap?: Promise<void>;
    allMaps?: Promise<void>;
    execution?: Promise<void>;
    readonly contents: (Promise<void> | undefined)[];
  };
}

/** An output of a vertex and what one solve has learnt about it. */
export interface EdgeNode {
  readonly node: VertexNode;
  readonly index: number;
  /** Keys of the cache that lead to this output; the first one names it towards other processes. */
  readonly keys: Set<string>;
  /** Names the output inside this build when no key of the cache does. */
  identity?: string;
  result?: Result;
  readonly tasks: {
    readonly probes: (Promise<void> | undefined)[];
    contentSearch?: Promise<void>;
    completion?: Promise<Result>;
  };
}

/** The part of the graph that the requested edges reach, inputs before what uses them. */
export interface Graph {
  readonly nodes: readonly VertexNode[];
  readonly requested: readonly EdgeNode[];
}

/**
 * Lays out the graph below `edges`; vertices of equal digest become one.
 *
 * @throws SolverError `SOLVER_GRAPH_CYCLIC`, `SOLVER_VERTEX_FAILED` when a vertex has no op
 */
export function layOutGraph(edges: readonly Edge[], resolveOp: OpResolver): Graph {
  const nodes = new Map<Digest, VertexNode>();
  for (const vertex of inputsFirst(edges)) {
    const inputs = vertex.inputs.map((input) => edgeNode(nodes, input));
    nodes.set(vertex.digest, createNode(vertex, inputs, resolveOp));
  }
  return { nodes: [...nodes.values()], requested: edges.map((edge) => edgeNode(nodes, edge)) };
}

function createNode(vertex: Vertex, inputs: readonly EdgeNode[], resolveOp: OpResolver): VertexNode {
  let op: Op;
  try {
    op = resolveOp(vertex);
  } catch (error) {
    throw vertexError('SOLVER_VERTEX_FAILED', vertex, error);
  }
  return {
    vertex,
    op,
    inputs,
    edges: new Map(),
    maps: [],
    contents: [],
    fate: 'untouched',
    tasks: { contents: [] },
  };
}

function edgeNode(nodes: ReadonlyMap<Digest, VertexNode>, { vertex, index }: Edge): EdgeNode {
  const node = nodes.get(vertex.digest) as VertexNode;
  let edge = node.edges.get(index);
  if (edge === undefined) {
    edge = { node, index, keys: new Set(), tasks: { probes: [] } };
    node.edges.set(index, edge);
  }
  return edge;
}

/** Walks with its own stack: a chain of vertices may be longer than the call stack is deep. */
function inputsFirst(edges: readonly Edge[]): readonly Vertex[] {
  const ordered: Vertex[] = [];
  const state = new Map<Digest, 'open' | 'closed'>();
  const stack: { readonly vertex: Vertex; next: number }[] = [];

  const enter = (vertex: Vertex): void => {
    const known = state.get(vertex.digest);
    if (known === 'closed') return;
    if (known === 'open')
      throw new SolverError(`vertex ${vertex.digest} depends on itself`, { code: 'SOLVER_GRAPH_CYCLIC' });
    state.set(vertex.digest, 'open');
    stack.push({ vertex, next: 0 });
  };

  for (const { vertex } of edges) {
    enter(vertex);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.vertex.inputs[top.next++];
      if (input !== undefined) {
        enter(input.vertex);
        continue;
      }
      state.set(top.vertex.digest, 'closed');
      ordered.push(top.vertex);
      stack.pop();
    }
  }
  return ordered;
}
