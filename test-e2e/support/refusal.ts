// SPDX-License-Identifier: MIT
import type { RunResult } from './run.ts';

/** How a command said no. */
export interface Refusal {
  readonly code: number | null;
  /** The line that starts with `Error: `, without it. */
  readonly cause: string | undefined;
  /** The line after it: the way out. */
  readonly hint: string | undefined;
  /** Lines of a stack trace anywhere in the output. */
  readonly stack: readonly string[];
}

/** Reads the end of what a failed command printed. */
export function refusalOf({ code, stdout, stderr }: Pick<RunResult, 'code' | 'stdout' | 'stderr'>): Refusal {
  const lines = stderr.trimEnd().split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('Error: '));
  return {
    code,
    cause: lines[at]?.slice('Error: '.length),
    hint: at < 0 ? undefined : lines.slice(at + 1).join('\n') || undefined,
    stack: `${stdout}\n${stderr}`.split('\n').filter((line) => /^\s+at .*[:(]/.test(line)),
  };
}
