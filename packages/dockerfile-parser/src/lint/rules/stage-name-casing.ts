// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** A stage name with upper-case letters: stages are found whatever the case, so it only looks different. */
export const stageNameCasing: LintRule = {
  meta: {
    name: 'StageNameCasing',
    description: 'Stage names should be lowercase',
    url: docsPage('stage-name-casing'),
    experimental: false,
  },
  check({ graph, report }) {
    for (const { from } of graph.stages) {
      const alias = from.instruction.kind === 'from' ? from.instruction.alias : null;
      if (alias !== null && alias.value !== alias.value.toLowerCase())
        report({ message: `Stage name '${alias.value}' should be lowercase`, range: alias.range });
    }
  },
};
