// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import { isImageName } from '../image-name.ts';
import type { LintRule } from '../lint-rule.ts';

/** A FROM that only works when build arguments are given. */
export const invalidDefaultArgInFrom: LintRule = {
  meta: {
    name: 'InvalidDefaultArgInFrom',
    description: 'Default value for global ARG results in an empty or invalid base image name',
    url: docsPage('invalid-default-arg-in-from'),
    experimental: false,
  },
  check({ defaults, report }) {
    const { stages, diagnostics } = defaults();
    // A default that cannot be expanded is an error of its own.
    if (diagnostics.some(({ code, stage }) => code === 'EXPANSION_INVALID' && stage === null)) return;
    for (const { from } of stages) {
      const word = from.words.at(-1);
      if (word === undefined || word.value === null || isImageName(word.value)) continue;
      const message = `Default value for ARG ${word.written} results in empty or invalid base image name`;
      report({ message, range: word.range });
    }
  },
};
