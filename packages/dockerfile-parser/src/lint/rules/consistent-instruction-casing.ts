// SPDX-License-Identifier: MIT
import type { Instruction } from '../../instruction.ts';
import { casingOf } from '../casing.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** Instructions of mixed case, or in another case than most of the file. ARGs above the first FROM do not count. */
export const consistentInstructionCasing: LintRule = {
  meta: {
    name: 'ConsistentInstructionCasing',
    description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
    url: docsPage('consistent-instruction-casing'),
    experimental: false,
  },
  check({ dockerfile, report }) {
    const instructions = instructionsInStages(dockerfile.instructions);
    const casings = instructions.map(({ keyword }) => casingOf(keyword));
    const lower = casings.filter((casing) => casing === 'lower').length;
    const upper = casings.filter((casing) => casing === 'upper').length;
    const wanted = lower > upper ? 'lower' : 'upper';
    for (const [index, { keyword, keywordRange }] of instructions.entries()) {
      if (casings[index] === wanted) continue;
      const message = `Command '${keyword}' should match the case of the command majority (${wanted}case)`;
      report({ message, range: keywordRange });
    }
  },
};

function instructionsInStages(instructions: readonly Instruction[]): readonly Instruction[] {
  const first = instructions.findIndex(({ kind }) => kind === 'from');
  return first < 0 ? [] : instructions.slice(first).filter(({ kind }) => kind !== 'unknown');
}
