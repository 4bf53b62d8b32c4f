// SPDX-License-Identifier: MIT
import type { ResolvedStage, StageGraph } from '../../resolve/stage-graph.ts';
import { variablesAt } from '../../resolve/variables-at.ts';
import { suggest, withSuggestion } from '../../suggestion.ts';
import { docsPage } from '../docs-page.ts';
import type { LintReport, LintRule } from '../lint-rule.ts';
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
    for (const stage of stages) {
      if (stage.environmentKnown) for (const found of undefinedIn(graph, stage)) report(found);
    }
  },
};

function* undefinedIn(graph: StageGraph, stage: ResolvedStage): Generator<LintReport> {
  for (const [index, { words }] of stage.steps.entries()) {
    for (const word of words) {
      for (const name of word.undeclared) {
        if (STEERING.has(name)) continue;
        const near = suggest(name, variablesAt(graph, stage, index).keys());
        const message = withSuggestion(
          `Usage of undefined variable '$${name}'`,
          near === null ? null : `$${near}`,
        );
        yield { message, range: rangeOfVariable(word, name) };
      }
    }
  }
}
