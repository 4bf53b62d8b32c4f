// SPDX-License-Identifier: MIT
import type { OnbuildInstruction } from '@img-build/dockerfile-parser';
import type { InstructionContext } from './instruction-context.ts';

/** Stores a trigger; it is executed by the stages and images that start from this one. */
export function lowerOnbuild(instruction: OnbuildInstruction, { stage }: InstructionContext): void {
  stage.image.config.OnBuild ??= [];
  stage.image.config.OnBuild.push(instruction.expression);
}
