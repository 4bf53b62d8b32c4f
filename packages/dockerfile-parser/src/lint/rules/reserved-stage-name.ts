// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

const RESERVED: ReadonlySet<string> = new Set(['scratch', 'context']);

/** A stage that is called like something the language already has. */
export const reservedStageName: LintRule = {
  meta: {
    name: 'ReservedStageName',
    description: 'Reserved words should not be used as stage names',
    url: docsPage('reserved-stage-name'),
    experimental: false,
  },
  check({ graph, report }) {
    for (const { name, from } of graph.stages) {
      if (from.instruction.kind !== 'from' || name === null || !RESERVED.has(name)) continue;
      const message = `Stage name should not use the same name as reserved stage ${quote(name)}`;
      report({ message, range: from.instruction.alias?.range ?? from.range });
    }
  },
};
