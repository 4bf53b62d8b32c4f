// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** A blank line inside a continued instruction, which the parser has already noticed. */
export const noEmptyContinuation: LintRule = {
  meta: {
    name: 'NoEmptyContinuation',
    description: 'Empty continuation lines will become errors in a future release',
    url: docsPage('no-empty-continuation'),
    experimental: false,
  },
  check({ dockerfile, report }) {
    for (const { code, message, range } of dockerfile.diagnostics) {
      if (code === 'EMPTY_CONTINUATION') report({ message, range, context: range });
    }
  },
};
