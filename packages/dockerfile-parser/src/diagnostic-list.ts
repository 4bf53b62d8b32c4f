// SPDX-License-Identifier: MIT
import type { Diagnostic } from './diagnostic.ts';

/** Findings kept of one file, so that hostile input cannot fill the memory with them. */
export const MAX_DIAGNOSTICS = 1000;

/** A finding with the usual answers left out: an error of phase `syntax`, no suggestion, about its whole context. */
export type DiagnosticInit = Pick<Diagnostic, 'code' | 'message' | 'context'> & Partial<Diagnostic>;

/** Collects findings, at most {@link MAX_DIAGNOSTICS}; the first error is always among them. */
export interface DiagnosticList {
  readonly diagnostics: readonly Diagnostic[];
  /** True when only a first syntax error would still be kept. */
  isFull(): boolean;
  add(init: DiagnosticInit): void;
}

/** Creates an empty {@link DiagnosticList}. */
export function createDiagnosticList(): DiagnosticList {
  const diagnostics: Diagnostic[] = [];
  let hasSyntaxError = false;
  return {
    diagnostics,
    isFull: () => diagnostics.length >= MAX_DIAGNOSTICS,
    add(init) {
      const diagnostic: Diagnostic = {
        severity: 'error',
        phase: 'syntax',
        suggestion: null,
        range: init.context,
        ...init,
      };
      const isSyntaxError = diagnostic.severity === 'error' && diagnostic.phase === 'syntax';
      if (diagnostics.length >= MAX_DIAGNOSTICS && (hasSyntaxError || !isSyntaxError)) return;
      if (diagnostics.length >= MAX_DIAGNOSTICS) diagnostics.pop();
      hasSyntaxError ||= isSyntaxError;
      diagnostics.push(diagnostic);
    },
  };
}
