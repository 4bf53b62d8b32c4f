// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';
import { progressNote } from './explanation.ts';
import { createLineSplitter, type LineSplitter } from './line-splitter.ts';
import { printableName, printableOutput } from './printable.ts';

/** Lines of output kept per step, for the live view and for the report of a failure. */
const TAIL_LINES = 200;

/** A sub-step: a transfer, an export stage. */
export interface StatusState {
  readonly id: string;
  readonly current: number;
  readonly total?: number | undefined;
  readonly startedAt: number;
  readonly completedAt?: number | undefined;
}

/** A line a command printed, safe to show. */
export interface OutputLine {
  /** Milliseconds since the start of the step. */
  readonly after: number;
  readonly text: string;
}

/** One step of the build as the renderers see it; every text in it is safe to show. */
export interface StepState {
  /** 1 for the first step shown. */
  readonly number: number;
  readonly name: string;
  startedAt?: number | undefined;
  completedAt?: number | undefined;
  cached: boolean;
  canceled: boolean;
  error?: string | undefined;
  /** Why it was not found in the cache, in short. */
  note?: string | undefined;
  readonly statuses: Map<string, StatusState>;
  /** The end of its output. */
  readonly tail: OutputLine[];
}

/** What an event did to its step. */
export interface StepChange {
  readonly step: StepState;
  /** Lines of output that are complete now. */
  readonly lines: readonly OutputLine[];
}

/** What all renderers and the failure report know of the build. */
export interface BuildLog {
  readonly steps: ReadonlyMap<string, StepState>;
  /** `undefined` for an event of a step that was never added. */
  apply(event: BuildEvent): StepChange | undefined;
}

/** Keeps the state of a build from its events. */
export function createBuildLog(): BuildLog {
  const steps = new Map<string, StepState>();
  const splitters = new Map<string, LineSplitter>();

  function splitterOf(vertex: string, stream: 1 | 2): LineSplitter {
    const key = `${vertex}/${stream}`;
    const splitter = splitters.get(key) ?? createLineSplitter();
    splitters.set(key, splitter);
    return splitter;
  }

  function addOutput(step: StepState, texts: readonly string[], at: number): readonly OutputLine[] {
    const after = at - (step.startedAt ?? at);
    const lines = texts.map((text) => ({ after, text: printableOutput(text) }));
    for (const line of lines.slice(-TAIL_LINES)) step.tail.push(line);
    step.tail.splice(0, Math.max(0, step.tail.length - TAIL_LINES));
    return lines;
  }

  /** Lines that lack their line feed. */
  function endOutput(vertex: string): readonly string[] {
    return ([1, 2] as const).flatMap((stream) => {
      const splitter = splitters.get(`${vertex}/${stream}`);
      splitters.delete(`${vertex}/${stream}`);
      return splitter?.end() ?? [];
    });
  }

  function add(vertex: string, name: string): StepState {
    const step: StepState = {
      number: steps.size + 1,
      name: printableName(name),
      cached: false,
      canceled: false,
      statuses: new Map(),
      tail: [],
    };
    steps.set(vertex, step);
    return step;
  }

  return {
    steps,
    apply(event) {
      if (event.type === 'vertex-added')
        return { step: steps.get(event.vertex) ?? add(event.vertex, event.name), lines: [] };
      const step = steps.get(event.vertex);
      if (step === undefined) return undefined;
      switch (event.type) {
        case 'vertex-started':
          step.startedAt ??= event.at;
          break;
        case 'vertex-completed': {
          step.startedAt ??= event.at;
          step.completedAt = event.at;
          step.cached = event.cached;
          step.canceled = event.canceled ?? false;
          step.error = event.error === undefined ? undefined : printableName(event.error);
          return { step, lines: addOutput(step, endOutput(event.vertex), event.at) };
        }
        case 'vertex-logged': {
          const texts = splitterOf(event.vertex, event.stream).push(event.data);
          return { step, lines: addOutput(step, texts, event.at) };
        }
        case 'status-progressed':
          step.statuses.set(event.id, { ...event, id: printableName(event.id) });
          break;
        case 'vertex-explained':
          step.note = progressNote(event.reasons);
          break;
        case 'vertex-warned':
          break;
      }
      return { step, lines: [] };
    },
  };
}
