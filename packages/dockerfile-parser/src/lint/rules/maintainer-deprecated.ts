// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** MAINTAINER. */
export const maintainerDeprecated: LintRule = {
  meta: {
    name: 'MaintainerDeprecated',
    description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
    url: docsPage('maintainer-deprecated'),
    experimental: false,
  },
  check({ dockerfile, report }) {
    for (const { kind, range } of dockerfile.instructions) {
      if (kind === 'maintainer')
        report({ message: 'Maintainer instruction is deprecated in favor of using label', range });
    }
  },
};
