// SPDX-License-Identifier: MIT
import type { ResolvedStage, ResolvedWord, StageGraph } from '../../resolve/stage-graph.ts';
import { variablesAt } from '../../resolve/variables-at.ts';
import { withSuggestion } from '../../suggestion.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';
import { createNameSuggester } from '../name-suggester.ts';
import { rangeOfVariable } from '../variable-range.ts';

/** Arguments that steer the build: they never become variables, and nobody has to declare them. */
const STEERING: ReadonlySet<string> = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

/**
 * A variable that neither ENV nor ARG nor the base image sets. Stages on an image nothing is known about are left out:
 * the image may set it.
 */
export const undefinedVar: LintRule = {
  meta: {
    name: 'UndefinedVar',
    description: 'Variables should be defined before their use',
    url: docsPage('undefined-var'),
    experimental: false,
  },
  check({ graph, stages, report }) {
    const suggestName = createNameSuggester();
    for (const stage of stages) {
      if (!stage.environmentKnown) continue;
      for (const { word, name, names } of undefinedIn(graph, stage)) {
        const near = suggestName(name, names);
        const message = withSuggestion(
          `Usage of undefined variable '$${name}'`,
          near === null ? null : `$${near}`,
        );
        report({ message, range: rangeOfVariable(word, name) });
      }
    }
  },
};

interface UndefinedName {
  readonly word: ResolvedWord;
  readonly name: string;
  /** Those that are defined at this place. */
  readonly names: ReadonlySet<string>;
}

function* undefinedIn(graph: StageGraph, stage: ResolvedStage): Generator<UndefinedName> {
  const names = new Set(variablesAt(graph, stage, 0).keys());
  const coming = stage.variables.filter(({ step, value }) => step >= 0 && value !== null);
  let next = 0;
  for (const [index, { words }] of stage.steps.entries()) {
    for (let set = coming[next]; set !== undefined && set.step < index; set = coming[++next])
      names.add(set.name);
    for (const word of words) {
      for (const name of word.undeclared) if (!STEERING.has(name)) yield { word, name, names };
    }
  }
}
