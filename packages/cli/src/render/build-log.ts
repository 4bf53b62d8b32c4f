// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';

/** Bytes of output kept per step, for the tail that a failure prints. */
const TAIL_LIMIT = 64 * 1024;

/** A sub-step: a transfer, an export stage. */
export interface StatusState {
  readonly id: string;
  readonly current: number;
  readonly total?: number | undefined;
  readonly startedAt: number;
  readonly completedAt?: number | undefined;
}

/** One step of the build as the renderers see it. */
export interface StepState {
  /** 1 for the first step shown. */
  readonly number: number;
  readonly name: string;
  startedAt?: number | undefined;
  completedAt?: number | undefined;
  cached: boolean;
  canceled: boolean;
  error?: string | undefined;
  readonly statuses: Map<string, StatusState>;
  /** The end of its output, with the milliseconds since its start. */
  tail: { readonly after: number; readonly line: string }[];
}

/** What all renderers and the failure report know of the build. */
export interface BuildLog {
  readonly steps: ReadonlyMap<string, StepState>;
  apply(event: BuildEvent): StepState | undefined;
}

/** Keeps the state of a build from its events. */
export function createBuildLog(): BuildLog {
  const steps = new Map<string, StepState>();
  const partial = new Map<string, string>();

  function addOutput(step: StepState, key: string, data: Uint8Array, at: number): void {
    const text = (partial.get(key) ?? '') + Buffer.from(data).toString('utf8');
    const lines = text.split('\n');
    partial.set(key, lines.pop() ?? '');
    for (const line of lines)
      step.tail.push({ after: at - (step.startedAt ?? at), line: line.replace(/\r$/, '') });
    let size = 0;
    let first = step.tail.length;
    while (first > 0 && size < TAIL_LIMIT) size += step.tail[--first]?.line.length ?? 0;
    if (first > 0) step.tail = step.tail.slice(first);
  }

  return {
    steps,
    apply(event) {
      if (event.type === 'vertex-added') {
        const known = steps.get(event.vertex);
        if (known !== undefined) return known;
        const step: StepState = {
          number: steps.size + 1,
          name: event.name,
          cached: false,
          canceled: false,
          statuses: new Map(),
          tail: [],
        };
        steps.set(event.vertex, step);
        return step;
      }
      const step = steps.get(event.vertex);
      if (step === undefined) return undefined;
      switch (event.type) {
        case 'vertex-started':
          step.startedAt = event.at;
          break;
        case 'vertex-completed':
          step.startedAt ??= event.at;
          step.completedAt = event.at;
          step.cached = event.cached;
          step.canceled = event.canceled ?? false;
          step.error = event.error;
          break;
        case 'vertex-logged':
          addOutput(step, `${event.vertex}/${event.stream}`, event.data, event.at);
          break;
        case 'status-progressed':
          step.statuses.set(event.id, event);
          break;
        case 'vertex-warned':
          break;
      }
      return step;
    },
  };
}
