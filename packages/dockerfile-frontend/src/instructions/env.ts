// SPDX-License-Identifier: MIT
import type { EnvInstruction } from '@img-build/dockerfile-parser';
import { addHistory, setVariable } from '../image.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';

/** Sets variables for the steps that follow and for the image. */
export function lowerEnv(instruction: EnvInstruction, context: InstructionContext): void {
  const { stage } = context;
  const pairs = instruction.pairs.map(
    ({ key, value }) => [expandHere(context, key.value), expandHere(context, value.value)] as const,
  );
  for (const [name, value] of pairs) {
    stage.environment.set(name, value);
    setVariable(stage.image.config, name, value);
  }
  addHistory(stage.image, `ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`, {
    layer: false,
  });
}
