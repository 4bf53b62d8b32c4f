// SPDX-License-Identifier: MIT
import type { SourceRange } from './source-range.ts';

/**
 * Stable identifiers of everything the parser finds wrong.
 *
 * The README lists what each one means.
 */
export type DiagnosticCode =
  | 'ARGUMENT_COUNT'
  | 'DEVICE_INVALID'
  | 'DIRECTIVE_REPEATED'
  | 'EMPTY_CONTINUATION'
  | 'ESCAPE_DIRECTIVE_INVALID'
  | 'FILE_EMPTY'
  | 'FLAG_NOT_BOOLEAN'
  | 'FLAG_REPEATED'
  | 'FLAG_UNKNOWN'
  | 'FLAG_VALUE_MISSING'
  | 'HEALTHCHECK_INVALID'
  | 'HEREDOC_AS_DESTINATION'
  | 'HEREDOC_INVALID'
  | 'HEREDOC_UNTERMINATED'
  | 'INSTRUCTION_BEFORE_FROM'
  | 'INSTRUCTION_UNKNOWN'
  | 'JSON_NOT_STRINGS'
  | 'KEY_VALUE_INVALID'
  | 'LINE_TOO_LONG'
  | 'MOUNT_INVALID'
  | 'NAME_BLANK'
  | 'NETWORK_INVALID'
  | 'NO_INSTRUCTIONS'
  | 'NO_STAGES'
  | 'ONBUILD_TRIGGER_INVALID'
  | 'SECURITY_INVALID'
  | 'SHELL_NOT_JSON'
  | 'STAGE_NAME_INVALID'
  | 'VOLUME_EMPTY';

/**
 * When BuildKit would notice: `syntax` while it splits the file into
 * instructions, `instruction` while it reads one instruction's arguments,
 * `structure` while it groups instructions into stages. A `syntax` error
 * anywhere hides all others there.
 */
export type DiagnosticPhase = 'syntax' | 'instruction' | 'structure';

/** One finding. Findings never stop the parser. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** An `error` makes the file unbuildable. */
  readonly severity: 'error' | 'warning';
  readonly phase: DiagnosticPhase;
  /** The cause alone, in the words users know from BuildKit, suggestion included. */
  readonly message: string;
  /** What was probably meant, when something near exists. */
  readonly suggestion: string | null;
  /** The words that are wrong. */
  readonly range: SourceRange;
  /** The whole instruction (or line) they belong to: what an excerpt should mark. */
  readonly context: SourceRange;
}

/** The error BuildKit would report for the same file; `null` when there is none. */
export function firstError(diagnostics: readonly Diagnostic[]): Diagnostic | null {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  return errors.find((diagnostic) => diagnostic.phase === 'syntax') ?? errors[0] ?? null;
}

/** The message as BuildKit prints it: errors of one instruction name its line. */
export function describeDiagnostic(diagnostic: Diagnostic): string {
  if (diagnostic.phase !== 'instruction') return diagnostic.message;
  return `dockerfile parse error on line ${diagnostic.context.start.line}: ${diagnostic.message}`;
}
