// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';
import { platformWordOf } from '../platform-word.ts';

/** `--platform=$TARGETPLATFORM`: that is what FROM does anyway. */
export const redundantTargetPlatform: LintRule = {
  meta: {
    name: 'RedundantTargetPlatform',
    description:
      'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    url: docsPage('redundant-target-platform'),
    experimental: false,
  },
  check({ graph, report }) {
    const target = graph.globals.findLast(({ name }) => name === 'TARGETPLATFORM')?.value;
    for (const stage of graph.stages) {
      const word = platformWordOf(stage);
      if (word === null || word.unset.length > 0 || word.used.join() !== 'TARGETPLATFORM') continue;
      if (word.value !== target) continue;
      const message = `Setting platform to predefined ${word.written} in FROM is redundant as this is the default behavior`;
      report({ message, range: word.range });
    }
  },
};
