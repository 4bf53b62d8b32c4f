// SPDX-License-Identifier: MIT
import type { LabelInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';
import { readKeyValues } from '../key-value-arguments.ts';

/** `LABEL key=value …` or `LABEL key value`. */
export function parseLabel(source: InstructionSource): LabelInstruction | null {
  const pairs = readKeyValues(source);
  return pairs === null ? null : { ...source.base, kind: 'label', ...pairs };
}
