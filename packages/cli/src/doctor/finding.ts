// SPDX-License-Identifier: MIT
import { hintOf, isToolError, messageOf } from '@img-build/errors';

/** What one check of the machine found. */
export interface Finding {
  /** `error`: builds that need it fail; `warning`: they work, but worse than they could. */
  readonly severity: 'ok' | 'warning' | 'error';
  /** What was looked at: `kernel`, `container runtime` … */
  readonly subject: string;
  readonly message: string;
  /** The way out. */
  readonly hint?: string | undefined;
}

/** A finding out of an error, whose hint is the way out. */
export function findingFrom(severity: 'warning' | 'error', subject: string, error: unknown): Finding {
  const hint = isToolError(error) ? hintOf(error) : undefined;
  return { severity, subject, message: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}
