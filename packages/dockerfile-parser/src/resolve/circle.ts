// SPDX-License-Identifier: MIT

/** Nodes that need one another, in a circle. */
export interface Circle<Node, Edge> {
  /** The node the circle starts and ends at. */
  readonly node: Node;
  /** What leads from one node of the circle to the next. */
  readonly edges: readonly Edge[];
}

/**
 * Looks for nodes that need each other, directly or through others, in time linear in the number of edges.
 *
 * @param needs - the nodes a node needs, each with what to blame; called once per node.
 * @returns the first circle; `null` when there is none.
 */
export function findCircle<Node, Edge>(
  nodes: Iterable<Node>,
  needs: (node: Node) => Iterable<readonly [Node, Edge]>,
): Circle<Node, Edge> | null {
  const finished = new Set<Node>();
  for (const root of nodes) {
    if (finished.has(root)) continue;
    const circle = searchFrom(root, needs, finished);
    if (circle !== null) return circle;
  }
  return null;
}

function searchFrom<Node, Edge>(
  root: Node,
  needs: (node: Node) => Iterable<readonly [Node, Edge]>,
  finished: Set<Node>,
): Circle<Node, Edge> | null {
  /** How deep each open node stands. */
  const depths = new Map<Node, number>([[root, 0]]);
  const open = [{ node: root, rest: needs(root)[Symbol.iterator]() }];
  const path: Edge[] = [];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.rest.next();
    if (next.done === true) {
      finished.add(top.node);
      depths.delete(top.node);
      open.pop();
      path.pop();
      continue;
    }
    const [node, edge] = next.value;
    const start = depths.get(node);
    if (start !== undefined) return { node, edges: [...path.slice(start), edge] };
    if (finished.has(node)) continue;
    depths.set(node, open.length);
    open.push({ node, rest: needs(node)[Symbol.iterator]() });
    path.push(edge);
  }
  return null;
}
