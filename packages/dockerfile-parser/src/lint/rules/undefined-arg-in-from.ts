// SPDX-License-Identifier: MIT
import { withSuggestion } from '../../suggestion.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';
import { createNameSuggester } from '../name-suggester.ts';
import { rangeOfVariable } from '../variable-range.ts';

/** A variable in FROM that no ARG above the first FROM declares. */
export const undefinedArgInFrom: LintRule = {
  meta: {
    name: 'UndefinedArgInFrom',
    description: 'FROM command must use declared ARGs',
    url: docsPage('undefined-arg-in-from'),
    experimental: false,
  },
  check({ graph, report }) {
    const suggestName = createNameSuggester();
    const names = new Set(graph.globals.map(({ name }) => name));
    for (const { from } of graph.stages) {
      for (const word of from.words) {
        for (const name of word.undeclared) {
          const message = withSuggestion(`FROM argument '${name}' is not declared`, suggestName(name, names));
          report({ message, range: rangeOfVariable(word, name) });
        }
      }
    }
  },
};
