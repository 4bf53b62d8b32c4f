// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** `ENV name value` and `LABEL name value`. */
export const legacyKeyValueFormat: LintRule = {
  meta: {
    name: 'LegacyKeyValueFormat',
    description: 'Legacy key/value format with whitespace separator should not be used',
    url: docsPage('legacy-key-value-format'),
    experimental: false,
  },
  check({ stages, report }) {
    for (const { instruction, onbuild, range } of stages.flatMap(({ steps }) => steps)) {
      if ((instruction.kind !== 'env' && instruction.kind !== 'label') || !instruction.legacy) continue;
      const { keyword, pairs } = instruction;
      const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
      report({ message, range: onbuild ? range : (pairs[0]?.range ?? range) });
    }
  },
};
