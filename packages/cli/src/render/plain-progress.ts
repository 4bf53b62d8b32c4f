// SPDX-License-Identifier: MIT
import type { StatusState, StepChange, StepState } from './build-log.ts';
import { printableName } from './printable.ts';
import type { ProgressRenderer } from './progress-renderer.ts';
import { formatSeconds, formatTransferred } from './units.ts';

/**
 * One line per thing that happened, as BuildKit's plain progress has it: `#3 [2/4] RUN …`, `#3 0.142 output`,
 * `#3 DONE 0.3s`. A step that is interrupted by another one ends with `#3 ...` and is named again when it goes on.
 */
export function createPlainProgress(write: (text: string) => void): ProgressRenderer {
  let current: StepState | undefined;
  let first = true;
  let waiting: StepState[] = [];

  function turnTo(step: StepState): void {
    if (current === step) return;
    if (current !== undefined && current.completedAt === undefined) write(`#${current.number} ...\n`);
    if (!first) write('\n');
    first = false;
    current = step;
    write(`#${step.number} ${step.name}\n`);
  }

  function showCompleted(step: StepState): void {
    turnTo(step);
    write(`#${step.number} ${outcome(step)}\n`);
  }

  /** What a build finds in the cache it finds from its end on; it reads better from its beginning. */
  function showCached(): void {
    const steps = waiting.toSorted((a, b) => a.number - b.number);
    waiting = [];
    for (const step of steps) showCompleted(step);
  }

  function showLines({ step, lines }: StepChange): void {
    if (lines.length === 0) return;
    turnTo(step);
    write(lines.map(({ after, text }) => `#${step.number} ${(after / 1000).toFixed(3)} ${text}\n`).join(''));
  }

  return {
    show(event, change) {
      const { step } = change;
      if (event.type === 'vertex-added') return;
      if (step.cached && event.type === 'vertex-completed') {
        if (waiting.length === 0) queueMicrotask(showCached);
        waiting.push(step);
        return;
      }
      // The event that says a step starts comes before the one that says it was cached.
      if (event.type === 'vertex-started') return;
      showCached();
      showLines(change);
      if (event.type === 'vertex-completed') showCompleted(step);
      if (event.type === 'vertex-warned') {
        turnTo(step);
        write(`#${step.number} WARN: ${printableName(event.short)}\n`);
      }
      if (event.type === 'status-progressed' && event.completedAt !== undefined) {
        const status = step.statuses.get(event.id);
        turnTo(step);
        if (status !== undefined) write(`#${step.number} ${statusText(status)}\n`);
      }
    },
    makeRoom: showCached,
    finish: showCached,
  };
}

function outcome({ error, canceled, cached, startedAt = 0, completedAt = 0 }: StepState): string {
  if (error !== undefined) return `ERROR: ${error}`;
  if (canceled) return 'CANCELED';
  return cached ? 'CACHED' : `DONE ${formatSeconds(completedAt - startedAt)}`;
}

function statusText(status: StatusState): string {
  const time = formatSeconds((status.completedAt ?? status.startedAt) - status.startedAt);
  return `${status.id}${formatTransferred(status)} ${time} done`;
}
