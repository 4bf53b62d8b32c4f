// SPDX-License-Identifier: MIT
import type { LabelInstruction } from '@img-build/dockerfile-parser';
import { addHistory, setOwn } from '../image.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';

/** Adds labels to the image. */
export function lowerLabel(instruction: LabelInstruction, context: InstructionContext): void {
  const { image } = context.stage;
  const pairs = instruction.pairs.map(
    ({ key, value }) => [expandHere(context, key.value), expandHere(context, value.value)] as const,
  );
  image.config.Labels ??= {};
  for (const [name, value] of pairs) setOwn(image.config.Labels, name, value);
  addHistory(image, `LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`, { layer: false });
}
