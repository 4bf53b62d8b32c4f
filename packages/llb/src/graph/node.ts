// SPDX-License-Identifier: MIT
import type { Input, LlbPlatform, Op, ProgressGroup, SourcePosition } from '../ops.ts';

/** A source file ops come from; compared by identity. */
export interface SourceFile {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly language: string;
}

/** Where an op comes from. */
export interface SourceLocation {
  readonly file: SourceFile;
  /** Lines from 1; `end` is inclusive. */
  readonly ranges: readonly { readonly start: SourcePosition; readonly end: SourcePosition }[];
}

/** What can be said about any op when it is made. */
export interface OpOptions {
  /** Name in progress. */
  readonly name?: string | undefined;
  readonly description?: Readonly<Record<string, string>> | undefined;
  /** Do not read the cache. */
  readonly ignoreCache?: boolean | undefined;
  readonly progressGroup?: ProgressGroup | undefined;
  readonly location?: SourceLocation | undefined;
  /** Replaces the platform given to `marshal`. */
  readonly platform?: LlbPlatform | undefined;
}

/** What a node needs to become an op. */
export interface MarshalContext {
  /** The edge to an output, marshalled when that has not happened yet. */
  input(output: Output): Input;
  readonly platform: LlbPlatform;
}

/** An op in the making: immutable, but its inputs have no digest yet. */
export interface GraphNode {
  /** Everything {@link GraphNode.toOp} asks {@link MarshalContext.input} for. */
  inputs(): readonly Output[];
  toOp(context: MarshalContext): Op;
  readonly caps: readonly string[];
  readonly options: OpOptions;
}

/** One output of a node. */
export interface Output {
  /** `undefined` is the empty tree. */
  node(): GraphNode | undefined;
  readonly index: number;
}

/** Adds an input to a list unless it is there; returns its index. */
export function addInput(inputs: Input[], input: Input): number {
  const found = inputs.findIndex((other) => other.digest === input.digest && other.index === input.index);
  return found >= 0 ? found : inputs.push(input) - 1;
}
