// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { ExecOp } from './exec-op.ts';
import type { FileOp } from './file-op.ts';

/** Index of an input that does not exist: the empty tree. */
export const EMPTY_INPUT = -1;
/** Index of an output nobody asks for. */
export const SKIP_OUTPUT = -1;

/** An edge: one output of another op. @see BuildKit solver/pb/ops.proto, "Input" */
export interface Input {
  /** Digest of the other op's bytes. */
  readonly digest: Digest;
  readonly index: number;
}

/** A platform in LLB's spelling of the fields. */
export interface LlbPlatform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[] | undefined;
}

/** Conditions on the worker; always present on the wire, usually empty. */
export interface WorkerConstraints {
  readonly filter: readonly string[];
}

/** Content from outside: an image, a folder of the client, a repository, a download. */
export interface SourceOp {
  /** `docker-image://…`, `local://name`, `git://…`, `https://…`, `oci-layout://…` */
  readonly identifier: string;
  readonly attrs: Readonly<Record<string, string>>;
}

/** A nested build from a definition; known so that foreign definitions can be read. */
export interface BuildOp {
  readonly builder: number;
  readonly inputs: Readonly<Record<string, { readonly input: number }>>;
  readonly def?: Definition | undefined;
  readonly attrs: Readonly<Record<string, string>>;
}

/** Stacks its inputs, the first one lowest. */
export interface MergeOp {
  readonly inputs: readonly { readonly input: number }[];
}

/** What `upper` changed compared with `lower`. */
export interface DiffOp {
  readonly lower: { readonly input: number };
  readonly upper: { readonly input: number };
}

interface OpBase {
  readonly inputs: readonly Input[];
  readonly platform?: LlbPlatform | undefined;
  readonly constraints?: WorkerConstraints | undefined;
}

/**
 * A vertex of the graph.
 *
 * The terminal op of a definition is `none`: it has one input, the result, and no body.
 */
export type Op = OpBase &
  (
    | { readonly type: 'exec'; readonly exec: ExecOp }
    | { readonly type: 'source'; readonly source: SourceOp }
    | { readonly type: 'file'; readonly file: FileOp }
    | { readonly type: 'build'; readonly build: BuildOp }
    | { readonly type: 'merge'; readonly merge: MergeOp }
    | { readonly type: 'diff'; readonly diff: DiffOp }
    | { readonly type: 'none' }
  );

/** Steps that progress shows as one. */
export interface ProgressGroup {
  readonly id: string;
  readonly name: string;
  /** The group's name gives way to that of a strong group with the same id. */
  readonly weak: boolean;
}

/** What is said about an op without being part of its identity. */
export interface OpMetadata {
  readonly ignoreCache: boolean;
  /** `llb.customname` is the name progress shows. */
  readonly description: Readonly<Record<string, string>>;
  readonly exportCache?: { readonly value: boolean } | undefined;
  readonly caps: Readonly<Record<string, boolean>>;
  readonly progressGroup?: ProgressGroup | undefined;
}

/** A place in a source file: lines from 1, characters from 0. */
export interface SourcePosition {
  readonly line: number;
  readonly character: number;
}

/** Where in `infos[sourceIndex]` an op comes from. */
export interface Location {
  readonly sourceIndex: number;
  readonly ranges: readonly { readonly start: SourcePosition; readonly end: SourcePosition }[];
}

/** A source file of the graph. */
export interface SourceInfo {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly definition?: Definition | undefined;
  readonly language: string;
}

/** Maps op digests to the source files they come from. */
export interface Source {
  readonly locations: Readonly<Record<Digest, { readonly locations: readonly Location[] }>>;
  readonly infos: readonly SourceInfo[];
}

/** A graph as it travels. @see BuildKit solver/pb/ops.proto, "Definition" */
export interface Definition {
  /** Bytes of each op, inputs before those who use them; the last one is the terminal op. Empty for the empty tree. */
  readonly def: readonly Uint8Array[];
  readonly metadata: Readonly<Record<Digest, OpMetadata>>;
  readonly source?: Source | undefined;
}
