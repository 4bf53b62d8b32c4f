// SPDX-License-Identifier: MIT
import type { OpContext, Result } from '@img-build/interfaces';
import type { EdgeNode, VertexNode } from './graph.ts';
import type { KeyLookup } from './key-lookup.ts';
import type { Work } from './work.ts';

/** How far a search may go: the definition, further cache maps of the vertices, the content of finished inputs. */
export const SEARCH_LEVELS = ['definition', 'more-maps', 'content'] as const;

/** One of {@link SEARCH_LEVELS}. */
export type SearchLevel = (typeof SEARCH_LEVELS)[number];

const MAX_CACHE_MAPS = 64;

/** Finds the cache keys of edges, going no further than asked and than needed. */
export interface Search {
  /** Looks for keys of the edge; does nothing at levels beyond the one that found some. */
  probe(edge: EdgeNode, level: SearchLevel): Promise<void>;
  /** Looks by content although keys are known already: their results may be gone. */
  byContent(edge: EdgeNode): Promise<void>;
  /** Computes the content digest of an input, if it has one; completes the input for it. */
  content(node: VertexNode, input: number): Promise<void>;
  /** Makes all cache maps known. */
  allMaps(node: VertexNode): Promise<void>;
}

/** What a search needs. */
export interface SearchDependencies {
  readonly work: Work;
  readonly lookup: KeyLookup;
  readonly contextOf: (node: VertexNode) => OpContext;
  readonly complete: (edge: EdgeNode) => Promise<Result>;
}

/** Makes the search of one solve. */
export function createSearch({ work, lookup, contextOf, complete }: SearchDependencies): Search {
  const addMap = async (node: VertexNode): Promise<void> => {
    node.maps.push(await work.attempt(node, () => node.op.cacheMap(node.maps.length, contextOf(node))));
  };
  const firstMap = (node: VertexNode): Promise<void> => (node.tasks.firstMap ??= handled(addMap(node)));
  const allMaps = (node: VertexNode): Promise<void> =>
    (node.tasks.allMaps ??= handled(
      (async () => {
        await firstMap(node);
        while (node.maps.at(-1)?.done === false && node.maps.length < MAX_CACHE_MAPS) await addMap(node);
      })(),
    ));

  function content(node: VertexNode, input: number): Promise<void> {
    return (node.tasks.contents[input] ??= handled(
      (async () => {
        const digestOf = node.maps[0]?.dependencies[input]?.contentDigest;
        if (digestOf === undefined) return;
        const result = await complete(node.inputs[input] as EdgeNode);
        node.contents[input] = await work.attempt(node, () => digestOf(result, { signal: work.signal }));
      })(),
    ));
  }

  /** Whether the input may lead to a hit, once all is known that can be without completing the edge itself. */
  async function inputMatches(edge: EdgeNode, input: number): Promise<boolean> {
    await probe(edge.node.inputs[input] as EdgeNode, 'content');
    if (lookup.hasCandidates(edge, input)) return true;
    if (edge.node.maps[0]?.dependencies[input]?.contentDigest === undefined) return false;
    await content(edge.node, input);
    return lookup.hasCandidates(edge, input);
  }

  async function searchByContent(edge: EdgeNode): Promise<void> {
    const { node } = edge;
    if (!(await allTrue(node.inputs.map((_, input) => inputMatches(edge, input))))) return;
    lookup.search(edge);
    if (edge.keys.size > 0) return;
    await Promise.all(node.inputs.map((_, input) => content(node, input)));
    lookup.search(edge);
  }

  const byContent = (edge: EdgeNode): Promise<void> =>
    (edge.tasks.contentSearch ??= handled(searchByContent(edge)));

  async function searchAt(edge: EdgeNode, level: number): Promise<void> {
    // Recursion continues in a later turn, so that the depth of the graph never becomes the depth of the call stack.
    await Promise.resolve();
    const { node } = edge;
    if (node.vertex.ignoreCache === true) return;
    if (level > 0) await probe(edge, SEARCH_LEVELS[level - 1] as SearchLevel);
    if (edge.keys.size > 0) return;
    if (level === 2) return byContent(edge);
    if (level === 0) await firstMap(node);
    else await allMaps(node);
    const found = node.inputs.map(async (input) => {
      await probe(input, SEARCH_LEVELS[level] as SearchLevel);
      return input.keys.size > 0 && input.node.vertex.ignoreCache !== true;
    });
    if (await allTrue(found)) lookup.search(edge);
  }

  function probe(edge: EdgeNode, level: SearchLevel): Promise<void> {
    const at = SEARCH_LEVELS.indexOf(level);
    return (edge.tasks.probes[at] ??= handled(searchAt(edge, at)));
  }

  return { probe, byContent, content, allMaps };
}

/** Keeps a promise that is looked at later from counting as unhandled until then. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Resolves with false as soon as one of the answers is false; the others go on. */
function allTrue(answers: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    for (const answer of answers) {
      answer.then((value) => {
        if (!value) resolve(false);
      }, reject);
    }
    Promise.all(answers).then((values) => resolve(values.every(Boolean)), reject);
  });
}
