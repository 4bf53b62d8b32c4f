// SPDX-License-Identifier: MIT
import type { CacheMap, Result, Vertex } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { Graph, VertexFate, VertexNode } from './graph.ts';

/** What a solve learnt about a vertex; for explanations and for exporting the cache. */
export interface VertexOutcome {
  readonly vertex: Vertex;
  readonly fate: VertexFate;
  /** Cache maps that were asked for. */
  readonly maps: readonly CacheMap[];
  /** Content digest per input, where one was computed. */
  readonly contents: readonly (Digest | undefined)[];
  /** Keys of the cache that lead to each output. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
  /** Result of each output, where there is one. */
  readonly results: ReadonlyMap<number, Result>;
}

/** Finds what is known of a vertex of the graph. */
export type OutcomeFinder = (vertex: Digest) => VertexOutcome | undefined;

/** What is known of a vertex now. */
export function outcomeOf({ vertex, fate, maps, contents, edges }: VertexNode): VertexOutcome {
  const keys = new Map<number, readonly string[]>();
  const results = new Map<number, Result>();
  for (const [index, edge] of edges) {
    keys.set(index, [...edge.keys]);
    if (edge.result !== undefined) results.set(index, edge.result);
  }
  return { vertex, fate, maps: [...maps], contents: [...contents], keys, results };
}

/** Finds outcomes in a graph, as they are when they are asked for. */
export function outcomeFinder({ nodes }: Graph): OutcomeFinder {
  let byDigest: ReadonlyMap<Digest, VertexNode> | undefined;
  return (vertex) => {
    byDigest ??= new Map(nodes.map((node) => [node.vertex.digest, node]));
    const node = byDigest.get(vertex);
    return node && outcomeOf(node);
  };
}
