// SPDX-License-Identifier: MIT

/**
 * How bad a problem is: `corruption` is something that the store promises to hold and does not, `leftover` is what a killed
 * process left and a later command takes away by itself.
 */
export type Severity = 'corruption' | 'leftover';

/** Something in the state folder that should be otherwise. */
export interface StoreProblem {
  readonly severity: Severity;
  /** What is wrong, for programs: `blob-damaged`, `snapshot-missing` … */
  readonly kind: string;
  /** What it is about: a digest, the id of a record, a path below the state folder … */
  readonly subject: string;
  /** One sentence about the subject, without it. */
  readonly message: string;
}

/** Makes a {@link StoreProblem} of severity `corruption`. */
export function corruption(kind: string, subject: string, message: string): StoreProblem {
  return { severity: 'corruption', kind, subject, message };
}

/** Makes a {@link StoreProblem} of severity `leftover`. */
export function leftover(kind: string, subject: string, message: string): StoreProblem {
  return { severity: 'leftover', kind, subject, message };
}

/** Problems that were there at both looks: what was only in the making, or just going, is none. */
export function lasting(
  first: readonly StoreProblem[],
  second: readonly StoreProblem[],
): readonly StoreProblem[] {
  const seen = new Set(first.map(nameOf));
  return second.filter((problem) => seen.has(nameOf(problem)));
}

function nameOf({ kind, subject, message }: StoreProblem): string {
  return [kind, subject, message].join('\0');
}
