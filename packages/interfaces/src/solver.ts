// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { AbortOptions } from './abort.ts';
import type { Report } from './build-event.ts';

/** One output of a vertex. */
export interface Edge {
  readonly vertex: Vertex;
  readonly index: number;
}

/** An operation in the graph. The solver knows its inputs, not what it does. */
export interface Vertex {
  /** Identifies the vertex inside one build: the digest of its definition. */
  readonly digest: Digest;
  /** What progress shows. */
  readonly name: string;
  readonly inputs: readonly Edge[];
  /** Opaque to the solver; op resolvers know it. */
  readonly payload: unknown;
  /** Do not read the cache; still write it. */
  readonly ignoreCache?: boolean | undefined;
  readonly description?: Readonly<Record<string, string>> | undefined;
}

/** What one input contributes to a vertex's cache key. */
export interface CacheMapDependency {
  /** Which part of the input is used; part of the definition-based key. */
  readonly selector?: Digest | undefined;
  /** Computes the content-based key from the finished input; absent where there is none. */
  readonly contentDigest?:
    | ((input: Result, options: AbortOptions) => Promise<Digest | undefined>)
    | undefined;
}

/** How a vertex is keyed. @see BuildKit, docs/dev/solver.md */
export interface CacheMap {
  /** One that begins with `random:` means something in this build only: nothing is stored under it or linked from it. */
  readonly digest: Digest;
  /** One per input of the vertex. */
  readonly dependencies: readonly CacheMapDependency[];
  /** Further maps follow when the solver asks with a higher index. */
  readonly done: boolean;
}

/** The result of a vertex's output; opaque to the solver. */
export interface Result {
  /** Identifies the stored result, for the cache record. */
  readonly id: string;
}

/** What an op may use while it works. */
export interface OpContext extends AbortOptions {
  readonly vertex: Vertex;
  readonly report: Report;
}

/** Does the work of one vertex. */
export interface Op {
  cacheMap(index: number, context: OpContext): Promise<CacheMap>;
  /** One result per output. */
  execute(inputs: readonly Result[], context: OpContext): Promise<readonly Result[]>;
  /** Bounded-parallelism class; `undefined` is unbounded. */
  readonly weight?: 'heavy' | undefined;
}

/** Makes the op of a vertex. */
export type OpResolver = (vertex: Vertex) => Op;

/** Keeps results between builds. */
export interface ResultStore {
  /** The stored result, or `undefined` when it is gone. */
  load(id: string): Promise<Result | undefined>;
  /** Makes a result outlive the build; returns the id to load it by. */
  save(result: Result): Promise<string>;
}

/** Why a cache key leads to another: this key, at this input, under this record digest and selector. */
export interface CacheLink {
  readonly input: number;
  /** Record digest of the output: cache map and output number in one, as BuildKit's caches name it. */
  readonly digest: Digest;
  readonly selector?: Digest | undefined;
}

/** A result stored under a key. */
export interface CacheResultEntry {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Kept elsewhere so far: taken when nothing at hand will do. */
  readonly imported?: boolean | undefined;
}

/** Results by cache key. Synchronous: a key look-up must cost microseconds. */
export interface CacheResults {
  results(key: string): readonly CacheResultEntry[];
  addResult(key: string, result: CacheResultEntry): void;
  /** Drops the result from every key; keys that lead nowhere any more go too. */
  releaseResult(id: string): void;
}

/** Links between cache keys. */
export interface CacheLinks {
  exists(key: string): boolean;
  /** Keys reached from `key` by `link`. */
  targets(key: string, link: CacheLink): readonly string[];
  addLink(key: string, link: CacheLink, target: string): void;
  /** Where `key` is reached from. */
  backlinks(key: string): readonly { readonly source: string; readonly link: CacheLink }[];
}

/** The persistent part of the cache: record ids, results and links. */
export interface CacheKeyStore extends CacheResults, CacheLinks {
  /** Runs `work` as one transaction. */
  transaction<T>(work: () => T): T;
}
