// SPDX-License-Identifier: MIT
import type { LintBuildError, LintResult } from '../lint-options.ts';

/** What a build of the file would end with: its error, else the rules that must not be broken. */
export function failureOf({
  buildError,
  violation,
}: LintResult): Pick<LintBuildError, 'message' | 'contexts'> | null {
  return buildError ?? (violation === null ? null : { message: violation, contexts: [] });
}
