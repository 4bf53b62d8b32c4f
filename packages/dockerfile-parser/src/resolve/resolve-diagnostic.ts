// SPDX-License-Identifier: MIT
import type { SourceRange } from '../source-range.ts';

/**
 * Stable identifiers of what {@link resolve} finds wrong.
 *
 * The README lists what each one means.
 */
export type ResolveDiagnosticCode =
  | 'BASE_BLANK'
  | 'EXPANSION_INVALID'
  | 'FROM_NOT_EXPANDED'
  | 'MOUNT_INVALID'
  | 'PLATFORM_BLANK'
  | 'PLATFORM_INVALID'
  | 'STAGE_CIRCULAR'
  | 'STAGE_INDEX_INVALID'
  | 'STAGE_NOT_DEFINED_YET'
  | 'TARGET_UNKNOWN'
  | 'TRIGGER_INVALID';

/** One finding about how stages belong together; every one makes the file unbuildable when the stage is needed. */
export interface ResolveDiagnostic {
  readonly code: ResolveDiagnosticCode;
  /** The cause alone, in the words users know from BuildKit, suggestion included. */
  readonly message: string;
  /** What was probably meant, when something near exists. */
  readonly suggestion: string | null;
  /** Index of the stage it is about; `null` for the file. */
  readonly stage: number | null;
  /** The words that are wrong; `null` when they are not in the file (`--target`). */
  readonly range: SourceRange | null;
  /** The instructions to mark: one, or all that close a circle. */
  readonly contexts: readonly SourceRange[];
}
