// SPDX-License-Identifier: MIT
import type { ResolvedStep } from '../../resolve/stage-graph.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

const ONCE: ReadonlySet<string> = new Set(['cmd', 'entrypoint', 'healthcheck']);

/** CMD, ENTRYPOINT or HEALTHCHECK more than once in a stage; the place is the earlier one, which has no effect. */
export const multipleInstructionsDisallowed: LintRule = {
  meta: {
    name: 'MultipleInstructionsDisallowed',
    description: 'Multiple instructions of the same type should not be used in the same stage',
    url: docsPage('multiple-instructions-disallowed'),
    experimental: false,
  },
  check({ stages, report }) {
    for (const { steps } of stages) {
      const last = new Map<string, ResolvedStep>();
      for (const step of steps) {
        const { instruction } = step;
        if (!ONCE.has(instruction.kind)) continue;
        const earlier = last.get(instruction.kind);
        last.set(instruction.kind, step);
        if (earlier === undefined) continue;
        const message = `Multiple ${instruction.keyword} instructions should not be used in the same stage because only the last one will be used`;
        report({ message, range: earlier.range, ...(step.onbuild ? {} : { instruction }) });
      }
    }
  },
};
