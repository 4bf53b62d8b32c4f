// SPDX-License-Identifier: MIT

import { casingOf } from '../casing.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** `AS` in another case than its FROM. A mixed FROM is {@link consistentInstructionCasing}'s. */
export const fromAsCasing: LintRule = {
  meta: {
    name: 'FromAsCasing',
    description: "The 'as' keyword should match the case of the 'from' keyword",
    url: docsPage('from-as-casing'),
    experimental: false,
  },
  check({ graph, report }) {
    for (const { from } of graph.stages) {
      if (from.instruction.kind !== 'from' || from.instruction.as === null) continue;
      const { keyword, as } = from.instruction;
      const casing = casingOf(keyword);
      if (casing !== 'mixed' && casingOf(as.value) !== casing) {
        const message = `'${as.value}' and '${keyword}' keywords' casing do not match`;
        report({ message, range: as.range });
      }
    }
  },
};
