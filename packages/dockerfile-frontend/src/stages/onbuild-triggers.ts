// SPDX-License-Identifier: MIT
import { describeDiagnostic, firstError, parse } from '@img-build/dockerfile-parser';
import { FrontendError } from '../frontend-error.ts';
import type { Command, Stage } from './stage.ts';
import { createCommand, isStep, type StageGraph } from './stage-graph.ts';

/**
 * Puts the ONBUILD triggers of a stage's base in front of its own instructions; a second call does nothing.
 *
 * @returns whether a trigger takes files from somewhere: then there is more to resolve.
 * @throws FrontendError `DOCKERFILE_INVALID` when a trigger in the base image is not an instruction
 */
export function addTriggers(stage: Stage, graph: StageGraph): boolean {
  if (stage.triggersRead) return false;
  stage.triggersRead = true;
  const triggers = stage.base === undefined ? (stage.image.config.OnBuild ?? []) : triggersOf(stage.base);
  const { OnBuild: _, ...config } = stage.image.config;
  stage.image = { ...stage.image, config };
  // Files of an image that COPY --from names are taken as they are; nothing is run on it.
  if (stage.from === undefined || stage.replaced) return false;
  const commands = triggers.map((expression) => parseTrigger(expression, stage, graph));
  stage.commands = [...commands, ...stage.commands];
  stage.stepTotal += commands.filter(({ instruction }) => isStep(instruction)).length;
  return commands.some(({ sources }) => sources.size > 0);
}

function triggersOf(base: Stage): string[] {
  return base.commands.flatMap(({ instruction }) =>
    instruction.kind === 'onbuild' ? [instruction.expression] : [],
  );
}

function parseTrigger(expression: string, stage: Stage, graph: StageGraph): Command {
  const { instructions, diagnostics } = parse(expression);
  const problem = firstError(diagnostics.filter(({ phase }) => phase !== 'structure'));
  if (problem !== null) {
    throw new FrontendError(describeDiagnostic(problem), {
      code: 'DOCKERFILE_INVALID',
      ranges: [stage.range],
    });
  }
  const [instruction] = instructions;
  if (instruction === undefined || instructions.length > 1) {
    throw new FrontendError('onbuild trigger should be a single expression', {
      code: 'DOCKERFILE_INVALID',
      ranges: [stage.range],
    });
  }
  return createCommand(instruction, { graph, stage, range: stage.range, onbuild: true });
}
