// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';
import type { StatusState, StepChange, StepState } from './build-log.ts';
import { printableName } from './printable.ts';
import type { ProgressRenderer } from './progress-renderer.ts';
import { formatSeconds, formatTransferred } from './units.ts';

type StatusEvent = Extract<BuildEvent, { readonly type: 'status-progressed' }>;

/**
 * One line per thing that happened, as BuildKit's plain progress has it: `#3 [2/4] RUN …`, `#3 0.142 output`,
 * `#3 DONE 0.3s`. A step that is interrupted by another one ends with `#3 ...` and is named again when it goes on.
 */
export function createPlainProgress(write: (text: string) => void): ProgressRenderer {
  let current: StepState | undefined;
  let first = true;
  let waiting: StepState[] = [];
  const noted = new Set<StepState>();

  function turnTo(step: StepState): void {
    if (current === step) return;
    if (current !== undefined && current.completedAt === undefined) write(`#${current.number} ...\n`);
    if (!first) write('\n');
    first = false;
    current = step;
    write(`#${step.number} ${step.name}\n`);
    if (step.note === undefined || noted.has(step)) return;
    noted.add(step);
    write(`#${step.number} ${step.note}\n`);
  }

  function showCompleted(step: StepState): void {
    turnTo(step);
    write(`#${step.number} ${outcome(step)}\n`);
  }

  /**
   * Names the steps that started and those found in the cache. The latter are found from the end of the build on and
   * read better from its beginning, so what happens in one turn of the event loop is shown together.
   */
  function showWaiting(): void {
    const steps = waiting;
    waiting = [];
    const isCached = (step: StepState): boolean => step.cached;
    for (const step of steps.filter(isCached).sort((a, b) => a.number - b.number)) showCompleted(step);
    for (const step of steps.filter((each) => !isCached(each))) turnTo(step);
  }

  function showSoon(step: StepState): void {
    if (waiting.length === 0) queueMicrotask(showWaiting);
    if (!waiting.includes(step)) waiting.push(step);
  }

  function showLines({ step, lines }: StepChange): void {
    if (lines.length === 0) return;
    turnTo(step);
    write(lines.map(({ after, text }) => `#${step.number} ${(after / 1000).toFixed(3)} ${text}\n`).join(''));
  }

  function showStatus(event: StatusEvent, step: StepState): void {
    const status = step.statuses.get(event.id);
    if (status === undefined || (event.completedAt === undefined && event.blocks !== true)) return;
    turnTo(step);
    write(`#${step.number} ${event.completedAt === undefined ? status.id : statusText(status)}\n`);
  }

  return {
    show(event, change) {
      const { step } = change;
      if (event.type === 'vertex-added' || event.type === 'vertex-explained') return;
      if (event.type === 'vertex-started') return showSoon(step);
      if (event.type === 'vertex-completed' && step.cached && change.lines.length === 0)
        return showSoon(step);
      showWaiting();
      showLines(change);
      if (event.type === 'vertex-completed') showCompleted(step);
      if (event.type === 'vertex-warned') {
        turnTo(step);
        write(`#${step.number} WARN: ${printableName(event.short)}\n`);
      }
      if (event.type === 'status-progressed') showStatus(event, step);
    },
    makeRoom: showWaiting,
    finish: showWaiting,
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
