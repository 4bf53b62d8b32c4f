// SPDX-License-Identifier: MIT
import type { StepReason } from '@img-build/interfaces';
import { printableName } from './printable.ts';
import { reasonText } from './reason-text.ts';

/** A step as explanations show it. */
export interface ShownStep {
  readonly name: string;
  readonly outcome: 'cached' | 'executed' | 'failed' | 'skipped';
  readonly reasons: readonly StepReason[];
}

/** What everybody knows without being told. */
const OBVIOUS: ReadonlySet<StepReason['kind']> = new Set(['first-build', 'cache-ignored']);

/** One short line for the progress of a step that is executed; `undefined` when there is nothing worth saying. */
export function progressNote(reasons: readonly StepReason[]): string | undefined {
  const [first] = reasons;
  if (first === undefined || reasons.every(({ kind }) => OBVIOUS.has(kind))) return undefined;
  const more = reasons.length - 1;
  return `not cached: ${reasonText(first)}${more > 0 ? `, and ${more} more` : ''}`;
}

/** Every step with all of its reasons. */
export function formatExplanation(steps: readonly ShownStep[]): string {
  return steps.map((step) => `${printableName(step.name)}\n${outcomeLines(step).join('')}`).join('');
}

function outcomeLines({ outcome, reasons }: ShownStep): readonly string[] {
  if (outcome === 'cached') return ['  cached\n'];
  if (outcome === 'skipped') return ['  not reached\n'];
  const head = outcome === 'failed' ? 'failed; not cached' : 'not cached';
  if (reasons.length === 0) return [`  ${head}\n`];
  return reasons.map(
    (reason, at) => `  ${at === 0 ? `${head}: ` : ' '.repeat(head.length + 2)}${reasonText(reason)}\n`,
  );
}
