// SPDX-License-Identifier: MIT
import type { CacheKeyStore, CacheLink, CacheMap, CacheResultEntry } from '@img-build/interfaces';
import { contentKey, derivedKey, isEphemeral, type KeyPart, recordDigest } from './cache-key.ts';
import type { EdgeNode, VertexNode } from './graph.ts';

/** Cache keys of edges: finding those that are stored and storing new ones. */
export interface KeyLookup {
  /** Adds to `edge.keys` what the cache knows from the keys of the inputs known so far. */
  search(edge: EdgeNode): void;
  /** Whether the cache leads anywhere from one input of the edge's vertex; if not, there can be no hit. */
  hasCandidates(edge: EdgeNode, input: number): boolean;
  /** Stored results of the edge, newest first; those at hand before imported ones. */
  results(edge: EdgeNode): readonly CacheResultEntry[];
  /** Gives the edges of an executed vertex their keys; those of a vertex that cannot be cached get an identity only. */
  name(node: VertexNode): void;
  /** Stores links and results of a vertex's edges as one transaction. */
  store(stored: readonly { readonly edge: EdgeNode; readonly entry: CacheResultEntry }[]): void;
}

interface Alternative {
  readonly source: string;
  readonly link: CacheLink;
}

/** Makes the look-up on a store. */
export function createKeyLookup(keys: CacheKeyStore): KeyLookup {
  function candidates(alternatives: readonly Alternative[]): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { source, link } of alternatives)
      for (const target of keys.targets(source, link)) found.add(target);
    return found;
  }

  function searchByInputs(edge: EdgeNode, map: CacheMap): void {
    const perInput = edge.node.inputs.map((_, input) => readableAlternatives(edge, map, input));
    const common = commonCandidates(perInput);
    for (const key of common) edge.keys.add(key);
    if (common.size > 0 && perInput.some((alternatives) => alternatives.length > 1))
      linkAll(perInput.flat(), common);
  }

  /** A key is that of the vertex only when each input leads to it. */
  function commonCandidates(perInput: readonly (readonly Alternative[])[]): ReadonlySet<string> {
    let common: ReadonlySet<string> | undefined;
    for (const alternatives of perInput) {
      const found = candidates(alternatives);
      const before = common;
      common = before === undefined ? found : new Set([...found].filter((key) => before.has(key)));
      if (common.size === 0) break;
    }
    return common ?? new Set();
  }

  /** Lets every key of an input lead to what one of them led to: next time the cheap one is enough. */
  function linkAll(alternatives: readonly Alternative[], targets: ReadonlySet<string>): void {
    const missing = alternatives.flatMap(({ source, link }) => {
      const known = new Set(keys.targets(source, link));
      return [...targets].filter((target) => !known.has(target)).map((target) => ({ source, link, target }));
    });
    if (missing.length === 0) return;
    keys.transaction(() => {
      for (const { source, link, target } of missing) keys.addLink(source, link, target);
    });
  }

  return {
    search(edge) {
      const { inputs, maps } = edge.node;
      for (const map of maps) {
        if (isEphemeral(map.digest)) continue;
        if (inputs.length > 0) {
          searchByInputs(edge, map);
          continue;
        }
        const key = recordDigest(map.digest, edge.index);
        if (keys.exists(key)) edge.keys.add(key);
      }
    },
    hasCandidates: (edge, input) =>
      edge.node.maps.some((map) => candidates(readableAlternatives(edge, map, input)).size > 0),
    results: (edge) =>
      [...edge.keys]
        .flatMap((key) => keys.results(key))
        .sort(
          (a, b) => Number(a.imported ?? false) - Number(b.imported ?? false) || b.createdAt - a.createdAt,
        ),
    name(node) {
      for (const edge of node.edges.values()) nameEdge(edge);
    },
    store(stored) {
      keys.transaction(() => {
        for (const { edge, entry } of stored) {
          for (const target of edge.keys) {
            for (const { source, link } of storedAlternatives(edge)) keys.addLink(source, link, target);
            keys.addResult(target, entry);
          }
        }
      });
    },
  };

  function nameEdge(edge: EdgeNode): void {
    const { inputs, maps } = edge.node;
    const lasting = maps.filter(({ digest }) => !isEphemeral(digest));
    if (inputs.length === 0) {
      for (const { digest } of lasting) edge.keys.add(recordDigest(digest, edge.index));
    } else {
      // The links that exist already name the output: another result of the same work goes under the same key. Where
      // content is known it alone decides; a definition that gave other content before would name that one's output.
      for (const map of lasting) {
        const strict = inputs.map((_, input) =>
          alternativesOf(edge, map, input, edge.node.contents[input] === undefined),
        );
        for (const key of commonCandidates(strict)) edge.keys.add(key);
      }
      const lastingInputs = inputs.every(
        (input, at) => input.keys.size > 0 || edge.node.contents[at] !== undefined,
      );
      if (edge.keys.size === 0 && lasting.length > 0 && lastingInputs)
        edge.keys.add(stepKey(edge.node, edge.index));
    }
    edge.identity = edge.keys.values().next().value ?? stepKey(edge.node, edge.index);
  }
}

/** Names the work of a vertex whose inputs are complete: equal for equal work, also in another process. */
export function stepKey({ inputs, maps, contents }: VertexNode, output: number): string {
  const map = maps[0] as CacheMap;
  const record = recordDigest(map.digest, output);
  if (inputs.length === 0) return record;
  const parts = inputs.map(({ keys, identity, node, index }, at): KeyPart => {
    const content = contents[at];
    const key =
      content === undefined
        ? (keys.values().next().value ?? identity ?? `${node.vertex.digest}@${index}`)
        : contentKey(content);
    return { key, selector: content === undefined ? map.dependencies[at]?.selector : undefined };
  });
  return derivedKey(record, parts);
}

/** The keys an input may be found by. What ignores the cache has a new result, which its old key says nothing about. */
function readableAlternatives(edge: EdgeNode, map: CacheMap, input: number): readonly Alternative[] {
  return alternativesOf(edge, map, input, edge.node.inputs[input]?.node.vertex.ignoreCache !== true);
}

function alternativesOf(
  { node, index }: EdgeNode,
  map: CacheMap,
  input: number,
  byDefinition = true,
): readonly Alternative[] {
  const link = { input, digest: recordDigest(map.digest, index) };
  const selector = map.dependencies[input]?.selector;
  const selected = selector === undefined ? link : { ...link, selector };
  const found: Alternative[] = [];
  if (byDefinition)
    for (const source of node.inputs[input]?.keys ?? []) found.push({ source, link: selected });
  const content = node.contents[input];
  if (content !== undefined) found.push({ source: contentKey(content), link });
  return found;
}

function storedAlternatives(edge: EdgeNode): readonly Alternative[] {
  const lasting = edge.node.maps.filter(({ digest }) => !isEphemeral(digest));
  return lasting.flatMap((map) => edge.node.inputs.flatMap((_, input) => alternativesOf(edge, map, input)));
}
