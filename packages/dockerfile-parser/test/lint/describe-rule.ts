// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import type { LintOptions } from '../../src/index.ts';
import { findingsOf, placesOf, unmark } from './check-rule.ts';

/** Files that break a rule, with the places between « and » and a message for each; and files that do not. */
export interface RuleCases {
  readonly bad: readonly (readonly [marked: string, ...messages: string[]])[];
  readonly good: readonly string[];
  readonly options?: LintOptions;
}

/** Tests one rule on its own. */
export function describeRule(rule: string, { bad, good, options }: RuleCases): void {
  describe(rule, () => {
    test.each(bad)('reports %j', (marked, ...messages) => {
      const { text, marks } = unmark(marked);
      const findings = findingsOf(rule, text, options);

      expect(findings.map(({ message }) => message)).toEqual(messages);
      expect(placesOf(findings)).toEqual(marks);
    });

    test.each(good)('accepts %j', (text) => {
      expect(findingsOf(rule, text, options)).toEqual([]);
    });
  });
}
