// SPDX-License-Identifier: MIT
import type { StepStore, StoredStep } from '@img-build/interfaces';

/** Steps in memory, and a way to lose their records. */
export interface MemoryStepStore extends StepStore {
  readonly all: readonly (StoredStep & { readonly files?: Uint8Array | undefined })[];
  prune(at: number): void;
}

/** Keeps steps as the store of a state folder does, without a bound. */
export function createMemoryStepStore(): MemoryStepStore {
  let steps: MemoryStepStore['all'] = [];
  let next = 1;
  return {
    get all() {
      return steps;
    },
    candidates: ({ project, dockerfile, place, instruction }) =>
      steps
        .filter((step) => step.project === project || step.dockerfile === dockerfile)
        .filter((step) => step.place === place || step.instruction === instruction)
        .toReversed(),
    byKey: (key) => steps.findLast((step) => step.key === key),
    filesOf: (id) => steps.find((step) => step.id === id)?.files,
    unknown(project, keys) {
      const known = new Set(steps.filter((step) => step.project === project).map(({ key }) => key));
      return new Set(keys.filter((key) => !known.has(key)));
    },
    knowsProject: ({ project, dockerfile }) =>
      steps.some((step) => step.project === project || step.dockerfile === dockerfile),
    put(added) {
      for (const step of added) {
        const others = steps.filter(
          ({ project, place, fingerprint }) =>
            project !== step.project || place !== step.place || fingerprint !== step.fingerprint,
        );
        steps = [...others, { ...step, id: next, at: next++ }];
      }
    },
    markPruned: () => {},
    prune(at) {
      steps = steps.map((step) => ({ ...step, prunedAt: at }));
    },
  };
}
