// SPDX-License-Identifier: MIT
import type { EscapeCharacter, Heredoc, Word } from './ast.ts';
import type { DiagnosticCode, DiagnosticPhase } from './diagnostic.ts';
import type { Instruction, InstructionBase } from './instruction.ts';
import type { FlagWord } from './instruction-head.ts';
import type { SourceRange } from './source-range.ts';

/** A problem of one instruction. */
export interface Finding {
  readonly code: DiagnosticCode;
  readonly message: string;
  /** Default `instruction`. */
  readonly phase?: DiagnosticPhase;
  readonly suggestion?: string | null;
  /** Default: the whole instruction. */
  readonly range?: SourceRange;
}

/** A heredoc and the place of its word in the logical line. */
export interface LocatedHeredoc {
  readonly heredoc: Heredoc;
  readonly start: number;
  readonly end: number;
}

/** One instruction, cut into keyword, flags and arguments, for the parser of its kind. */
export interface InstructionSource {
  readonly base: InstructionBase;
  /** Lower-cased keyword. */
  readonly name: string;
  readonly escape: EscapeCharacter;
  /** The logical line; all offsets below are in it. */
  readonly text: string;
  readonly keywordStart: number;
  readonly keywordEnd: number;
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
  /** The words behind `base.flags`, in the same order. */
  readonly flags: readonly FlagWord[];
  readonly heredocs: readonly LocatedHeredoc[];
  wordAt(start: number, end: number): Word;
  rangeAt(start: number, end: number): SourceRange;
  report(finding: Finding): void;
  /** Parses the rest of the line from `start` as an instruction of its own. */
  parseNested(start: number): Instruction;
}

/** Parses one kind of instruction; `null` after it has reported an error. */
export type InstructionParser = (source: InstructionSource) => Instruction | null;

/** Reports that the number of arguments is wrong. */
export function reportArgumentCount(source: InstructionSource, message: string): null {
  source.report({ code: 'ARGUMENT_COUNT', message: `${source.name.toUpperCase()} ${message}` });
  return null;
}

/** True when nothing follows keyword and flags. */
export function hasNoArguments(source: InstructionSource): boolean {
  return source.argumentsStart >= source.argumentsEnd;
}

/** Everything after keyword and flags as one word. */
export function wholeArgument(source: InstructionSource): Word {
  return source.wordAt(source.argumentsStart, source.argumentsEnd);
}
