// SPDX-License-Identifier: MIT
import type { EscapeCharacter } from '../ast.ts';
import type { Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import type { Stage } from '../stages.ts';
import type { ContextNames } from './named-contexts.ts';
import type { ResolveDiagnostic } from './resolve-diagnostic.ts';
import type { BaseImage, ResolveOptions } from './resolve-options.ts';
import type { FileOrigin, ResolvedStep, StageDependency } from './stage-graph.ts';
import type { VariableScope } from './variable-scope.ts';

/** What all stages of a file share while they are resolved. */
export interface FileDraft {
  readonly escape: EscapeCharacter;
  readonly options: ResolveOptions;
  readonly args: Readonly<Record<string, string>>;
  readonly contexts: ContextNames;
  /** Platform to build for. */
  readonly platform: string;
  /** Variables of the global scope. */
  readonly globals: VariableScope;
  readonly stages: StageDraft[];
  /** Index by lower-case name; the last definition wins. */
  readonly byName: Map<string, number>;
  readonly diagnostics: ResolveDiagnostic[];
}

/** A stage that is being resolved. */
export interface StageDraft {
  readonly index: number;
  readonly list: Stage;
  readonly from: ResolvedStep;
  readonly base: FileOrigin;
  readonly platform: string | null;
  /** What the caller knows about the base; `null` when that is neither image nor context, or nothing is known. */
  readonly image: BaseImage | null;
  /** A named context of the stage's own name stands for the whole stage. */
  readonly replaced: boolean;
  readonly steps: ResolvedStep[];
  readonly dependencies: StageDependency[];
  readonly scope: VariableScope;
  readonly environmentKnown: boolean;
}

/** An instruction and where it is executed. */
export interface PlacedInstruction {
  readonly instruction: Instruction;
  readonly onbuild: boolean;
  /** What to blame. */
  readonly range: SourceRange;
}

/** Adds a diagnostic about one instruction. */
export function addProblem(
  file: FileDraft,
  problem: Pick<ResolveDiagnostic, 'code' | 'message' | 'stage'> &
    Partial<Pick<ResolveDiagnostic, 'suggestion'>> & {
      readonly range: SourceRange;
      readonly context: SourceRange;
    },
): void {
  if (isFull(file)) return;
  const { code, message, stage, suggestion = null, range, context } = problem;
  file.diagnostics.push({ code, message, stage, suggestion, range, contexts: [context] });
}

/** Whether further diagnostics would be dropped. */
export function isFull({ diagnostics }: FileDraft): boolean {
  return diagnostics.length >= MAX_PROBLEMS;
}

/** Diagnostics kept of one file, so that hostile input cannot fill the memory with them. */
const MAX_PROBLEMS = 1000;
