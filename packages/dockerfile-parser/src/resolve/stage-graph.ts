// SPDX-License-Identifier: MIT
import type { Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import type { ResolveDiagnostic } from './resolve-diagnostic.ts';

/**
 * Where files come from.
 *
 * - `scratch`: nothing.
 * - `stage`: a stage of the same file; `stage` is its index.
 * - `image`: an image; `name` is as written with variables expanded.
 * - `context`: a named context the caller has announced.
 * - `unknown`: the words could not be understood; a diagnostic says why.
 */
export type FileOrigin =
  | { readonly type: 'scratch' }
  | { readonly type: 'stage'; readonly stage: number }
  | { readonly type: 'image'; readonly name: string }
  | { readonly type: 'context'; readonly name: string }
  | { readonly type: 'unknown' };

/** One reason why a stage needs something else. */
export interface StageDependency {
  /** `from`: it starts there; `copy`: `COPY --from`; `mount`: `RUN --mount=…,from=`. */
  readonly via: 'from' | 'copy' | 'mount';
  /** What the instruction calls it, variables expanded; as written when that failed. */
  readonly name: string;
  readonly origin: FileOrigin;
  /** The words that name it. */
  readonly range: SourceRange;
  /** The whole instruction. */
  readonly context: SourceRange;
}

/** Where a variable got its value. */
export type VariableOrigin =
  /** Predefined: `TARGETOS` and its like. */
  | 'platform'
  /** ARG above the first FROM. */
  | 'global'
  | 'arg'
  | 'env'
  /** ENV of the base image. */
  | 'image'
  /** PATH, which every stage has. */
  | 'default';

/** A variable from one place on, until another entry of the same name follows. */
export interface ScopedVariable {
  readonly name: string;
  /** `null`: declared, but without a value. */
  readonly value: string | null;
  readonly origin: VariableOrigin;
  /** Index into `steps` of the instruction that sets it; `-1`: in force from the start. */
  readonly step: number;
  /** Where it is written; `null` when it is not in the file. */
  readonly range: SourceRange | null;
}

/** A word that may hold variables. */
export interface ResolvedWord {
  /** As written; heredoc bodies without their tabs when `<<-` removes them. */
  readonly written: string;
  /** With variables expanded; `null` when that failed, then there is a diagnostic. */
  readonly value: string | null;
  /** The value split at unquoted blanks, where the instruction does that (EXPOSE); else the value alone. */
  readonly words: readonly string[];
  /** Names that have a value, in order of first use. */
  readonly used: readonly string[];
  /** Names without a value, in order of first use. */
  readonly unset: readonly string[];
  /** Those of `unset` that no ARG declares either. */
  readonly undeclared: readonly string[];
  readonly range: SourceRange;
}

/** An instruction of a stage, or a trigger of its base that is executed there. */
export interface ResolvedStep {
  readonly instruction: Instruction;
  /** True for an ONBUILD trigger of the base; the ranges of `words` and dependencies are then those of FROM. */
  readonly onbuild: boolean;
  /** What BuildKit would mark: the instruction, for a trigger the FROM. */
  readonly range: SourceRange;
  /** The words in which variables are expanded, in the order of the text. */
  readonly words: readonly ResolvedWord[];
}

/** One FROM with everything that is known about it. */
export interface ResolvedStage {
  /** Counts from 0, as `COPY --from=0` does. */
  readonly index: number;
  /** Lower-cased; `null` without AS. */
  readonly name: string | null;
  /** The FROM itself. */
  readonly from: ResolvedStep;
  readonly base: FileOrigin;
  /** `--platform` expanded; `null` without the flag or when that failed. */
  readonly platform: string | null;
  /** Triggers of the base first, then the instructions up to the next FROM. */
  readonly steps: readonly ResolvedStep[];
  /** What this stage adds to its base stage's, in the order they are set; {@link variablesAt} gives those in force at a step. */
  readonly variables: readonly ScopedVariable[];
  /** False when the base (or the base's base) is an image whose config is not known: then `undeclared` names may be set by it. */
  readonly environmentKnown: boolean;
  readonly dependencies: readonly StageDependency[];
  /** Whether the target needs it. */
  readonly reachable: boolean;
}

/** The stages of a file and what they need. Plain data: `JSON.parse(JSON.stringify(graph))` equals it. */
export interface StageGraph {
  /** Predefined variables, then the ARGs above the first FROM. */
  readonly globals: readonly ScopedVariable[];
  /** In file order. */
  readonly stages: readonly ResolvedStage[];
  /** Index of the stage to build; `null` when there is no such stage. */
  readonly target: number | null;
  /** What is wrong beyond what the parser has found. */
  readonly diagnostics: readonly ResolveDiagnostic[];
}
