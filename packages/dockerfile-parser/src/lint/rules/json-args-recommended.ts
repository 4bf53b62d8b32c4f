// SPDX-License-Identifier: MIT
import type { ResolvedStep } from '../../resolve/stage-graph.ts';
import { docsPage } from '../docs-page.ts';
import type { LintContext, LintRule } from '../lint-rule.ts';

/** CMD or ENTRYPOINT in shell form while no SHELL is set: the shell does not pass signals on to the command. */
export const jsonArgsRecommended: LintRule = {
  meta: {
    name: 'JSONArgsRecommended',
    description:
      'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
    url: docsPage('json-args-recommended'),
    experimental: false,
  },
  check(context) {
    /** Whether a SHELL is in force at the end of each stage. */
    const shells: boolean[] = [];
    const looked = new Set(context.stages.map(({ index }) => index));
    for (const stage of context.graph.stages) {
      const { base, index } = stage;
      let shell =
        base.type === 'stage'
          ? shells[base.stage] === true
          : (context.baseImage(stage)?.shell ?? []).length > 0;
      for (const step of stage.steps) {
        if (step.instruction.kind === 'shell') shell = true;
        if (!shell && looked.has(index)) checkStep(step, context);
      }
      shells[index] = shell;
    }
  },
};

function checkStep({ instruction, onbuild, range }: ResolvedStep, { report }: LintContext): void {
  if (instruction.kind !== 'cmd' && instruction.kind !== 'entrypoint') return;
  if (instruction.command.form !== 'shell') return;
  const message = `JSON arguments recommended for ${instruction.keyword} to prevent unintended behavior related to OS signals`;
  report({ message, range: onbuild ? range : instruction.command.range });
}
