// SPDX-License-Identifier: MIT
import { stripVTControlCharacters } from 'node:util';
import type { BuildEvent } from '@img-build/interfaces';
import type { BuildLog, StepState } from './build-log.ts';
import { formatSeconds, formatTransferSize } from './units.ts';

/** Shows a build; `finish` is called once, when nothing more comes. */
export interface ProgressRenderer {
  show(event: BuildEvent): void;
  finish(): void;
}

/** One line per thing that happened, as BuildKit's plain progress has it: `#3 [2/4] RUN …`, `#3 0.142 output`, `#3 DONE 0.3s`. */
export function createPlainProgress(log: BuildLog, write: (text: string) => void): ProgressRenderer {
  const announced = new Set<number>();
  const partial = new Map<string, string>();
  let current: number | undefined;

  /** Announces a step, or says that an earlier one goes on. */
  function turnTo(step: StepState): void {
    if (current === step.number) return;
    if (current !== undefined) write('\n');
    current = step.number;
    if (!announced.has(step.number)) {
      announced.add(step.number);
      write(`#${step.number} ${step.name}\n`);
    } else {
      write(`#${step.number} ...\n`);
    }
  }

  function showOutput(step: StepState, event: Extract<BuildEvent, { type: 'vertex-logged' }>): void {
    const key = `${event.vertex}/${event.stream}`;
    const lines = ((partial.get(key) ?? '') + Buffer.from(event.data).toString('utf8')).split('\n');
    partial.set(key, lines.pop() ?? '');
    if (lines.length > 0) turnTo(step);
    const after = ((event.at - (step.startedAt ?? event.at)) / 1000).toFixed(3);
    for (const line of lines)
      write(`#${step.number} ${after} ${stripVTControlCharacters(line).replace(/\r$/, '')}\n`);
  }

  function showCompleted(step: StepState, event: Extract<BuildEvent, { type: 'vertex-completed' }>): void {
    flushPartial(step, event.vertex);
    turnTo(step);
    if (step.error !== undefined) write(`#${step.number} ERROR: ${step.error}\n`);
    else if (step.canceled) write(`#${step.number} CANCELED\n`);
    else if (step.cached) write(`#${step.number} CACHED\n`);
    else write(`#${step.number} DONE ${formatSeconds((step.completedAt ?? 0) - (step.startedAt ?? 0))}\n`);
    current = undefined;
    write('\n');
  }

  function flushPartial(step: StepState, vertex: string): void {
    for (const stream of [1, 2]) {
      const rest = partial.get(`${vertex}/${stream}`);
      if (rest === undefined || rest === '') continue;
      partial.delete(`${vertex}/${stream}`);
      turnTo(step);
      write(`#${step.number} ${stripVTControlCharacters(rest)}\n`);
    }
  }

  return {
    show(event) {
      const step = log.steps.get(event.vertex);
      if (step === undefined) return;
      switch (event.type) {
        case 'vertex-started':
          return turnTo(step);
        case 'vertex-logged':
          return showOutput(step, event);
        case 'vertex-completed':
          return showCompleted(step, event);
        case 'status-progressed': {
          if (event.completedAt === undefined) return;
          turnTo(step);
          const size =
            event.total === undefined
              ? ''
              : ` ${formatTransferSize(event.current)} / ${formatTransferSize(event.total)}`;
          return write(
            `#${step.number} ${event.id}${size} ${formatSeconds(event.completedAt - event.startedAt)} done\n`,
          );
        }
        case 'vertex-warned':
          turnTo(step);
          return write(`#${step.number} WARN: ${event.short}\n`);
        case 'vertex-added':
          return;
      }
    },
    finish() {},
  };
}
