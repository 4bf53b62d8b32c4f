// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** Two stages of one name: the later one wins, the earlier one can only be reached by its number. */
export const duplicateStageName: LintRule = {
  meta: {
    name: 'DuplicateStageName',
    description: 'Stage names should be unique',
    url: docsPage('duplicate-stage-name'),
    experimental: false,
  },
  check({ graph, report }) {
    const seen = new Set<string>();
    for (const { name, from } of graph.stages) {
      if (from.instruction.kind !== 'from' || name === null) continue;
      const range = from.instruction.alias?.range ?? from.range;
      if (seen.has(name))
        report({ message: `Duplicate stage name ${quote(name)}, stage names should be unique`, range });
      seen.add(name);
    }
  },
};
