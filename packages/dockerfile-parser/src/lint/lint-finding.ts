// SPDX-License-Identifier: MIT
import type { SourceRange } from '../source-range.ts';

/** One place where a rule is broken. Plain data. */
export interface LintFinding {
  /** Name of the rule: `StageNameCasing`. */
  readonly rule: string;
  /** What is wrong here, in the words users know from BuildKit. */
  readonly message: string;
  /** What the rule is about. */
  readonly description: string;
  /** Page about the rule; `null` when there is none. */
  readonly url: string | null;
  /** The words that are wrong. */
  readonly range: SourceRange;
  /** What an excerpt should mark, usually the whole instruction. */
  readonly context: SourceRange;
}
