// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import type { AbortOptions, Clock, ExportProgress, Report } from '@img-build/interfaces';
import { sha256Digest } from '@img-build/llb';

/** Where a step that is no vertex of the graph is shown. */
export interface StepReporting extends AbortOptions {
  readonly report: Report;
  readonly clock: Clock;
}

/** What work can say while it is shown as a step. */
export interface StepWords {
  readonly progress: ExportProgress;
  readonly warn: (message: string) => void;
}

/** Runs work and shows it as a step of the build; `id` tells steps of equal names apart. */
export async function reportStep<T>(
  { id, name }: { readonly id: string; readonly name: string },
  { report, clock, signal }: StepReporting,
  work: (words: StepWords) => Promise<T>,
): Promise<T> {
  const vertex = sha256Digest(id);
  report({ type: 'vertex-added', vertex, name, inputs: [] });
  report({ type: 'vertex-started', vertex, at: clock() });
  const words: StepWords = {
    async progress(step, part) {
      const startedAt = clock();
      report({ type: 'status-progressed', vertex, id: step, current: 0, startedAt });
      const done = await part();
      report({ type: 'status-progressed', vertex, id: step, current: 0, startedAt, completedAt: clock() });
      return done;
    },
    warn: (message) => report({ type: 'vertex-warned', vertex, short: message }),
  };
  try {
    const result = await work(words);
    report({ type: 'vertex-completed', vertex, at: clock(), cached: false });
    return result;
  } catch (error) {
    const canceled = signal?.aborted ?? false;
    report({
      type: 'vertex-completed',
      vertex,
      at: clock(),
      cached: false,
      canceled,
      error: canceled ? undefined : messageOf(error),
    });
    throw error;
  }
}
