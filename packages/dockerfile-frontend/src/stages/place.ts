// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';
import { FrontendError, withFacts } from '../frontend-error.ts';

/** Runs `work`; an error of the frontend that has no place gets this one. */
export function at<T>(range: SourceRange, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPlace(error, range);
  }
}

/** The same for work that takes time. */
export async function placed<T>(range: SourceRange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPlace(error, range);
  }
}

/** An error of the frontend with a place, when it had none; others as they are. */
function withPlace(error: unknown, range: SourceRange): unknown {
  return error instanceof FrontendError ? withFacts(error, { ranges: [range] }) : error;
}
